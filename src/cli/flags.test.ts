// flags.ts against pflag's own behaviour: forms, positions, values and the sentences of refusal.
import { expect, test } from 'vitest'
import type { FlagSpec } from './command.ts'
import { FlagError, missingRequired, parseFlags, parseGoInt, splitCsv } from './flags.ts'

const SPECS: readonly FlagSpec[] = [
  { name: 'namespace', short: 'n', type: 'string', usage: '' },
  { name: 'output', short: 'o', type: 'string', usage: '' },
  { name: 'selector', short: 'l', type: 'string', usage: '' },
  { name: 'filename', short: 'f', type: 'stringSlice', usage: '' },
  { name: 'from-literal', type: 'stringArray', usage: '' },
  { name: 'stdin', short: 'i', type: 'bool', usage: '' },
  { name: 'tty', short: 't', type: 'bool', usage: '' },
  { name: 'wait', type: 'bool', default: true, usage: '' },
  { name: 'replicas', short: 'r', type: 'int32', default: 1, required: true, usage: '' },
  { name: 'dry-run', type: 'string', default: 'none', noOptDefault: 'unchanged', usage: '' },
  { name: 'timeout', type: 'duration', usage: '' },
]
const refused = (...argv: string[]): string => {
  try {
    parseFlags(argv, SPECS)
  } catch (e) {
    if (e instanceof FlagError) return e.message
    throw e
  }
  return 'accepted'
}

test('values attached, after = and apart, long and short', () => {
  for (const argv of [['-oyaml'], ['-o=yaml'], ['-o', 'yaml'], ['--output=yaml'], ['--output', 'yaml']])
    expect(parseFlags(argv, SPECS).values.string('output')).toBe('yaml')
  expect(parseFlags(['-lapp=x'], SPECS).values.string('selector')).toBe('app=x')
  expect(parseFlags(['-n=ns'], SPECS).values.string('namespace')).toBe('ns')
})

test('flags stand anywhere before --, and what follows it is an argument', () => {
  const p = parseFlags(['exec', '-it', 'web', '-n', 'a', '--', 'ls', '-l'], SPECS)
  expect(p.args).toEqual(['exec', 'web', 'ls', '-l'])
  expect(p.dash).toBe(2)
  expect([p.values.bool('stdin'), p.values.bool('tty'), p.values.string('namespace')]).toEqual([true, true, 'a'])
  expect(parseFlags(['-'], SPECS)).toMatchObject({ args: ['-'], dash: -1 })
})

test('a flag with a bare value takes its value only after =', () => {
  expect(parseFlags(['--dry-run', 'client'], SPECS)).toMatchObject({ args: ['client'] })
  expect(parseFlags(['--dry-run', 'client'], SPECS).values.string('dry-run')).toBe('unchanged')
  expect(parseFlags(['--dry-run=client'], SPECS).values.string('dry-run')).toBe('client')
  expect(parseFlags(['--wait=false'], SPECS).values.bool('wait')).toBe(false)
})

test('slices split at commas as CSV, arrays do not', () => {
  expect(parseFlags(['-f', 'a,b', '-f', '"c,d"'], SPECS).values.list('filename')).toEqual(['a', 'b', 'c,d'])
  expect(parseFlags(['--from-literal=a=1,2', '--from-literal', 'b=3'], SPECS).values.list('from-literal')).toEqual([
    'a=1,2',
    'b=3',
  ])
  expect(splitCsv('a"b')).toEqual({ error: 'parse error on line 1, column 2: bare " in non-quoted field' })
})

test('the sentences of refusal', () => {
  expect(refused('--frob')).toBe('unknown flag: --frob')
  expect(refused('--out=x')).toBe('unknown flag: --out')
  expect(refused('-zx')).toBe("unknown shorthand flag: 'z' in -zx")
  expect(refused('-f')).toBe("flag needs an argument: 'f' in -f")
  expect(refused('--namespace')).toBe('flag needs an argument: --namespace')
  expect(refused('--replicas=two')).toBe(
    'invalid argument "two" for "-r, --replicas" flag: strconv.ParseInt: parsing "two": invalid syntax',
  )
  expect(refused('--replicas=3000000000')).toBe(
    'invalid argument "3000000000" for "-r, --replicas" flag: strconv.ParseInt: parsing "3000000000": value out of range',
  )
  expect(refused('--wait=maybe')).toBe(
    'invalid argument "maybe" for "--wait" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
  )
  expect(refused('--timeout=abc')).toBe('invalid argument "abc" for "--timeout" flag: time: invalid duration "abc"')
  expect(refused('---x')).toBe('bad flag syntax: ---x')
})

test('underscores are dashes; defaults show until a flag is given; -h and --help ask for help', () => {
  expect(parseFlags(['--from_literal=a=1'], SPECS).values.list('from-literal')).toEqual(['a=1'])
  const none = parseFlags([], SPECS).values
  expect([none.int('replicas'), none.changed('replicas'), none.bool('wait'), none.number('timeout')]).toEqual([
    1,
    false,
    true,
    0,
  ])
  expect(missingRequired(SPECS, none)).toEqual(['replicas'])
  expect(parseFlags(['-h'], SPECS).help).toBe(true)
  expect(parseFlags(['--help'], SPECS).help).toBe(true)
})

test('whole numbers in the bases Go reads', () => {
  expect([parseGoInt('0x1F'), parseGoInt('010'), parseGoInt('0b11'), parseGoInt('1_000'), parseGoInt('-7')]).toEqual([
    31n,
    8n,
    3n,
    1000n,
    -7n,
  ])
  expect(parseGoInt('')).toBe('strconv.ParseInt: parsing "": invalid syntax')
})
