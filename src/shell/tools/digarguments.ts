// dig's command line, as parse_args() and dash_option() of BIND 9.18 read it: what stands before the first name is for
// all names, what stands behind a name is for this name alone.
import { parseIPv4, parseIPv6, reverseName } from '../../dns/address.ts'
import { CLASSES, typeCode } from '../../dns/wire.ts'
import type { ToolContext } from '../tool.ts'
import { setOption } from './digoptions.ts'
import type { Lookup } from './digoptions.ts'

const USAGE =
  'Usage:  dig [@global-server] [domain] [q-type] [q-class] {q-opt}\n            {global-d-opt} host [@local-server] {local-d-opt}\n            [ host [@local-server] {local-d-opt} [...]]\n\nUse "dig -h" (or "dig -h | more") for complete list of options\n'

const IXFR = 251
const KEY_ALGORITHMS = /^hmac-(?:md5|sha1|sha224|sha256|sha384|sha512)(?:-\d+)?$/i

/** A class by its name. */
function classCode(text: string): number | undefined {
  const numbered = /^class(\d+)$/i.exec(text)
  if (numbered) return Number(numbered[1])
  const name = text.toUpperCase()
  if (name === 'CHAOS') return CLASSES['CH']
  if (name === 'HESIOD') return CLASSES['HS']
  return Object.hasOwn(CLASSES, name) ? CLASSES[name] : undefined
}

/** Reads words into look-ups, one command line or batch line after the other. */
export class ArgumentReader {
  /** The look-ups of the line that was read last. */
  readonly lookups: Lookup[] = []
  /** The file of -f. */
  batch: string | undefined
  readonly #ctx: ToolContext
  readonly #version: string
  readonly #base: Lookup
  #current: Lookup
  #greeted = false
  /** The words of the line that is read, until its first name has greeted with them. */
  #line: readonly string[] | undefined
  /** Types and classes by -t, -c and -q's rules: words are names only. */
  #named = false

  constructor(ctx: ToolContext, version: string, base: Lookup) {
    this.#ctx = ctx
    this.#version = version
    this.#base = base
    this.#current = base
  }

  /** Reads one line; an exit code when dig ends with it. */
  read(words: readonly string[], inBatch = false): number | undefined {
    this.#line = words
    this.#named = false
    this.#current = inBatch ? { ...this.#base } : this.#base
    for (let i = 0; i < words.length; i++) {
      const word = words[i] ?? ''
      if (word.startsWith('%')) break
      let end: number | undefined
      if (word.startsWith('@')) this.#current.server = word.slice(1)
      else if (word.startsWith('+')) end = this.#plus(word)
      else if (word.startsWith('-')) {
        const done = this.#dash(word, words[i + 1])
        end = done.end
        if (done.next) i++
      } else end = this.#word(word)
      if (end !== undefined) return end
    }
    if (this.lookups.length === 0 && (inBatch || this.batch === undefined)) {
      // no name: the servers of the root
      this.#start('.')
      this.#current.type = 2
    }
    return undefined
  }

  #fail(text: string, code: number): number {
    this.#ctx.stderr(text)
    return code
  }

  #start(name: string): void {
    this.#current = { ...this.#current, ...(this.lookups.includes(this.#current) ? this.#base : {}), name }
    this.#current.greeting = ''
    if (this.#line && this.#current.cmd) {
      const args = this.#line.map((w) => ` ${w.replace(/^(\+[^=]*)=$/, '$1')}`).join('')
      const servers = this.#current.server === undefined ? '' : '; (1 server found)\n'
      this.#current.greeting = this.#greeted
        ? `; <<>> DiG ${this.#version} <<>>${args}\n${servers}`
        : `\n; <<>> DiG ${this.#version} <<>>${args}\n${servers};; global options: +cmd\n`
      this.#greeted = true
    }
    this.#line = undefined
    this.lookups.push(this.#current)
  }

  #plus(word: string): number | undefined {
    const done = setOption(word.slice(1), this.#current)
    // the short form is one for all
    if (/^\+(?:no)?short?(?:$|=)/i.test(word))
      for (const l of [this.#base, ...this.lookups]) setOption(word.slice(1), l)
    const invalid = `Invalid option: ${word.replace(/=.*/s, '')}\n${USAGE}`
    if (done === false) return this.#fail(invalid, 1)
    if (done === true) return undefined
    this.#ctx.stdout(done.stdout)
    this.#ctx.stderr(done.stderr)
    if (done.invalid) return this.#fail(invalid, done.code)
    return done.code === 0 ? undefined : done.code
  }

  #setType(type: number): undefined {
    if (this.#current.typeSet) this.#ctx.stderr(';; Warning, extra type option\n')
    this.#current.type = type
    this.#current.typeSet = true
  }

  #setClass(code: number): undefined {
    if (this.#current.classSet) this.#ctx.stderr(';; Warning, extra class option\n')
    this.#current.class = code
    this.#current.classSet = true
  }

  /** An incremental transfer from a serial on. */
  #transfer(serial: string): number | undefined {
    this.#setType(IXFR)
    if (/^\d+$/.test(serial) && Number(serial) <= 0xffffffff) {
      this.#current.serial = Number(serial)
      return undefined
    }
    this.#ctx.stdout(
      `invalid serial number '${serial}': ${/^\d+$/.test(serial) ? 'out of range' : 'not a valid number'}\n`,
    )
    return this.#fail("dig: Couldn't parse serial number\n", 1)
  }

  /** A word without a sign: a type, a class, or a name. */
  #word(word: string): number | undefined {
    if (!this.#named) {
      const ixfr = /^ixfr=(.*)$/is.exec(word)
      if (ixfr) return this.#transfer(ixfr[1] ?? '')
      const type = typeCode(word)
      if (type === IXFR) {
        this.#ctx.stderr(';; Warning, ixfr requires a serial number\n')
        return undefined
      }
      if (type !== undefined) return this.#setType(type)
      const code = classCode(word)
      if (code !== undefined) return this.#setClass(code)
    }
    this.#start(word)
    return undefined
  }

  /** A word with a dash: letters that stand alone, and one at the end that takes a value. */
  #dash(word: string, following: string | undefined): { readonly end?: number | undefined; readonly next?: boolean } {
    let option = word.slice(1)
    for (; /^[46dhimnruv]/.test(option); option = option.slice(1)) {
      const c = option[0]
      if (c === 'v') return { end: this.#fail(`DiG ${this.#version}\n`, 0) }
      if (c === 'h') {
        this.#ctx.stdout(USAGE)
        return { end: 0 }
      }
      if ((c === '6' && this.#base.four) || (c === '4' && this.#base.six))
        return { end: this.#fail('dig: only one of -4 and -6 allowed\n', 1) }
      if (c === '4') this.#base.four = this.#current.four = true
      if (c === '6') this.#base.six = this.#current.six = true
      if (c === 'u') for (const l of [this.#base, this.#current, ...this.lookups]) l.micro = true
      if (option.length === 1) return {}
    }
    const c = option[0] ?? ''
    const own = option.length > 1
    const value = own ? option.slice(1) : following
    if (value === undefined || c === '' || !'bcfkpqtxy'.includes(c))
      return { end: this.#fail(`Invalid option: -${option}\n${USAGE}`, 1) }
    return { end: this.#valued(c, value), next: !own }
  }

  #valued(c: string, value: string): number | undefined {
    const ctx = this.#ctx
    switch (c) {
      case 'b': {
        const address = value.replace(/#.*/s, '')
        return (parseIPv4(address) ?? parseIPv6(address))
          ? undefined
          : this.#fail(`dig: invalid address ${address}\n`, 1)
      }
      case 'c': {
        const code = classCode(value)
        this.#named = true
        if (code !== undefined) return this.#setClass(code)
        ctx.stderr(`;; Warning, ignoring invalid class ${value}\n`)
        return undefined
      }
      case 'f':
        this.batch = value
        return undefined
      case 'k':
        ctx.stderr(`Couldn't read key from ${value}: file not found\n`)
        return undefined
      case 'p': {
        if (/^\d+$/.test(value) && Number(value) <= 65535) {
          for (const l of [this.#base, this.#current, ...this.lookups]) l.port = Number(value)
          return undefined
        }
        ctx.stdout(`invalid port number '${value}': ${/^\d+$/.test(value) ? 'out of range' : 'not a valid number'}\n`)
        return this.#fail("dig: Couldn't parse port number\n", 1)
      }
      case 'q':
        this.#start(value)
        return undefined
      case 't': {
        this.#named = true
        const ixfr = /^ixfr=(.*)$/is.exec(value)
        if (ixfr) return this.#transfer(ixfr[1] ?? '')
        const type = typeCode(value)
        if (type !== undefined && type !== IXFR) return this.#setType(type)
        ctx.stderr(`;; Warning, ignoring invalid type ${value}\n`)
        return undefined
      }
      case 'x': {
        // what is no address is turned round by its dots
        this.#start(reverseName(value) ?? `${value.split('.').reverse().join('.')}.in-addr.arpa.`)
        if (!this.#current.typeSet) this.#current.type = 12
        this.#current.reverse = true
        return undefined
      }
      default:
        return this.#key(value)
    }
  }

  /** -y [algorithm:]name:secret */
  #key(value: string): number | undefined {
    const parts = value.split(':')
    if (parts.length < 2) return this.#fail(USAGE, 1)
    const [secret = '', name = '', algorithm = 'hmac-md5'] = parts.reverse()
    const known = KEY_ALGORITHMS.test(algorithm)
    if (!known) this.#ctx.stderr(`;; Warning, ignoring invalid TSIG algorithm ${algorithm}\n`)
    const base64 = secret.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(secret)
    for (const l of [this.#base, this.#current, ...this.lookups]) {
      l.keyName = name
      l.key = !base64 ? 'bad' : known ? 'good' : 'unknown'
    }
    return undefined
  }
}
