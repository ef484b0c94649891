// Writes schemas/protobuf.json: the field numbers of every type, for clients that send protobuf bodies (client-go 0.33
// and later, kubectl 1.33 and later).
//  node scripts/generate-protobuf.mjs DIR … folders of the API's published Go types, as --order of generate-schemas.mjs
// takes them
// One line a type: "1 name,2 *core.v1.VolumeSource" = field 1 is `name`, field 2 holds fields that JSON has inline.
// `x:bool` and its like mark JSON unions.
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const dirs = process.argv.slice(2)
if (!dirs.length) {
  console.error('usage: generate-protobuf.mjs DIR ...')
  process.exit(2)
}
const wanted = new Set(readdirSync(new URL('../schemas', import.meta.url)).map((n) => n.replace(/\.json$/, '')))
const UNIONS = {
  JSONSchemaPropsOrBool: 'bool',
  JSONSchemaPropsOrArray: 'array',
  JSONSchemaPropsOrStringArray: 'strings',
  JSON: 'json',
}
const types = {}
const walk = (dir) => {
  for (const n of readdirSync(dir).sort()) {
    const path = join(dir, n)
    if (statSync(path).isDirectory()) {
      walk(path)
      continue
    }
    const m = /\/(?:apis\/)?([a-z0-9]+)\/(v[0-9a-z]+)\/[^/]*types[^/]*\.go$/.exec(path)
    const file = m && `${m[1]}.${m[2]}`
    if (!m || !wanted.has(file)) continue
    for (const s of readFileSync(path, 'utf8').matchAll(/^type (\w+) struct \{\n([\s\S]*?)^\}/gm)) {
      const fields = []
      for (const line of s[2].split('\n')) {
        const number = /^[^/]*`[^`]*protobuf:"\w+,(\d+)/.exec(line)?.[1]
        if (!number) continue
        const name = /json:"([^",]*)/.exec(line)?.[1] ?? ''
        const embedded = /^\s*(?:(\w+)\.)?(\w+)\s+`/.exec(line)
        const union = Object.entries(UNIONS).find(([t]) => new RegExp(`[\\s*\\]]${t}\\s`).test(line))?.[1]
        if (name && name !== '-') fields.push(`${number} ${name}${union ? `:${union}` : ''}`)
        else if (embedded)
          fields.push(
            `${number} *${embedded[1] === 'metav1' ? 'meta.v1' : embedded[1] ? `${embedded[1]}` : file}.${embedded[2]}`,
          )
      }
      if (fields.length) types[`${file}.${s[1]}`] = fields.join(',')
    }
  }
}
for (const d of dirs) walk(d)
writeFileSync(
  new URL('../schemas/protobuf.json', import.meta.url),
  '{\n' +
    Object.keys(types)
      .sort()
      .map((k) => `${JSON.stringify(k)}:${JSON.stringify(types[k])}`)
      .join(',\n') +
    '\n}\n',
)
console.log(`${Object.keys(types).length} types`)
