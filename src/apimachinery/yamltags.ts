// What stands before a YAML node or document: anchors, tags and directives, as libyaml scans them.
import { BANG, DOT, PERCENT, isAlpha, isBlank, isBlankZ, isDigit, isHex } from './yamlreader.ts'
import type { YamlReader } from './yamlreader.ts'

const ANCHOR_END = new Set([...'?:,]}%@`'].map((c) => c.charCodeAt(0)))
const URI = new Set([...";/?:@&=+$,.!~*'()[]%"].map((c) => c.charCodeAt(0)))

/** The name behind the `&` or `*` that stands here. */
export function anchorName(r: YamlReader): string {
  const start = r.line
  const from = ++r.pos
  while (isAlpha(r.here)) r.pos++
  if (r.pos === from || !(isBlankZ(r.here) || ANCHOR_END.has(r.here)))
    throw r.fail('did not find expected alphabetic or numeric character', start)
  return r.text.slice(from, r.pos)
}

function tagHandle(r: YamlReader, isDirective: boolean, start: number): string {
  if (r.here !== BANG) throw r.fail("did not find expected '!'", start)
  const from = r.pos++
  while (isAlpha(r.here)) r.pos++
  if (r.here === BANG) r.pos++
  else if (isDirective && r.pos - from > 1) throw r.fail("did not find expected '!'", start)
  return r.text.slice(from, r.pos)
}

/** A tag's URI; what was read of it as a handle comes first, without its `!`. */
function tagUri(r: YamlReader, head: string, start: number): string {
  let out = head.slice(1)
  let any = head !== ''
  for (let c = r.here; isAlpha(c) || URI.has(c); c = r.here) {
    any = true
    if (c !== PERCENT) {
      out += r.text[r.pos++]
      continue
    }
    const from = r.pos
    while (r.here === PERCENT && isHex(r.at(r.pos + 1)) && isHex(r.at(r.pos + 2))) r.pos += 3
    if (r.pos === from) throw r.fail('did not find URI escaped octet', start)
    try {
      out += decodeURIComponent(r.text.slice(from, r.pos))
    } catch {
      throw r.fail('found an incorrect leading UTF-8 octet', start)
    }
  }
  if (!any) throw r.fail('did not find expected tag URI', start)
  return out
}

/** The tag that stands here: `!local`, `!!str`, `!handle!suffix`, `!<uri>`. */
export function readTag(r: YamlReader): { handle: string; suffix: string } {
  const start = r.line
  let handle = ''
  let suffix: string
  if (r.text[r.pos + 1] === '<') {
    r.pos += 2
    suffix = tagUri(r, '', start)
    if (r.text[r.pos] !== '>') throw r.fail("did not find the expected '>'", start)
    r.pos++
  } else {
    handle = tagHandle(r, false, start)
    if (handle.length > 1 && handle.endsWith('!')) suffix = tagUri(r, '', start)
    else {
      suffix = tagUri(r, handle, start)
      handle = '!'
      if (suffix === '') {
        handle = ''
        suffix = '!'
      }
    }
  }
  if (!isBlankZ(r.here)) throw r.fail('did not find expected whitespace or line break', start)
  return { handle, suffix }
}

function versionNumber(r: YamlReader, start: number): number {
  const from = r.pos
  while (isDigit(r.here)) if (++r.pos - from > 2) throw r.fail('found extremely long version number', start)
  if (r.pos === from) throw r.fail('did not find expected version number', start)
  return Number(r.text.slice(from, r.pos))
}

export type Directive =
  | { readonly name: 'YAML'; readonly version: string }
  | { readonly name: 'TAG'; readonly handle: string; readonly prefix: string }

/** The directive at the `%` that stands here. The rest of its line is the caller's to skip. */
export function readDirective(r: YamlReader): Directive {
  const start = r.line
  const from = ++r.pos
  while (isAlpha(r.here)) r.pos++
  const name = r.text.slice(from, r.pos)
  if (name === '') throw r.fail('could not find expected directive name', start)
  if (!isBlankZ(r.here)) throw r.fail('found unexpected non-alphabetical character', start)
  if (name === 'YAML') {
    r.skipBlanks()
    const major = versionNumber(r, start)
    if (r.here !== DOT) throw r.fail("did not find expected digit or '.' character", start)
    r.pos++
    return { name, version: `${major}.${versionNumber(r, start)}` }
  }
  if (name !== 'TAG') throw r.fail('found unknown directive name', start)
  r.skipBlanks()
  const handle = tagHandle(r, true, start)
  if (!isBlank(r.here)) throw r.fail('did not find expected whitespace', start)
  r.skipBlanks()
  const prefix = tagUri(r, '', start)
  if (!isBlankZ(r.here)) throw r.fail('did not find expected whitespace or line break', start)
  return { name, handle, prefix }
}
