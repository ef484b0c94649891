// Writes schemas/*.json (the compact type structure of every kind), schemas/discovery.json (names, scopes and verbs of
// every resource)
// and src/apimachinery/api/*.ts (the same structure as TypeScript types) from the API's own documents.
//   node scripts/generate-schemas.mjs DIR_WITH_OPENAPI [--order DIR …]
// DIR_WITH_OPENAPI holds schemas.json, discovery-api.json and discovery-apis.json. --order names folders of the API's
// published Go types: OpenAPI sorts
// properties by name, the server prints them in the order of the types, and only those know it. Without --order the
// order already in schemas/ is kept.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const args = process.argv.slice(2)
const at = args.indexOf('--order')
const source = args[0]
const goDirs = at < 0 ? [] : args.slice(at + 1)
if (!source || source.startsWith('-')) {
  console.error('usage: generate-schemas.mjs DIR_WITH_OPENAPI [--order DIR ...]')
  process.exit(2)
}
const root = new URL('..', import.meta.url).pathname
const out = join(root, 'schemas')
const definitions = JSON.parse(readFileSync(join(source, 'schemas.json'), 'utf8'))

/** io.k8s.api.core.v1.Pod -> [core.v1, Pod]: the file a definition goes to, and its name there. */
function place(full) {
  const parts = full.split('.')
  const name = parts.pop()
  if (full.startsWith('io.k8s.api.')) return [parts.slice(3).join('.'), name]
  if (full.includes('.pkg.apis.')) return [parts.slice(parts.indexOf('apis') + 1).join('.'), name]
  return ['meta.v1', name] // Quantity, RawExtension, IntOrString, Info
}
const refOf = (ref) => {
  const [file, name] = place(ref.slice('#/components/schemas/'.length))
  return `${file}.${name}`
}

/** Definitions that are scalars on the wire, whatever OpenAPI calls them. */
const SCALARS = {
  'meta.v1.Time': 'time',
  'meta.v1.MicroTime': 'microtime',
  'meta.v1.Quantity': 'quantity',
  'meta.v1.IntOrString': 'intstr',
  'meta.v1.RawExtension': 'json',
  'meta.v1.FieldsV1': 'json',
  'apiextensions.v1.JSON': 'json',
  'apiextensions.v1.JSONSchemaPropsOrArray': 'json',
  'apiextensions.v1.JSONSchemaPropsOrBool': 'json',
  'apiextensions.v1.JSONSchemaPropsOrStringArray': 'json',
  'meta.v1.Patch': 'json',
}

/**
 * The type word of a property: string int32 int64 double bool bytes time microtime quantity intstr json, [T], {T}, or
 * the name of a definition.
 */
function typeWord(p) {
  const ref = p.$ref ?? p.allOf?.[0]?.$ref
  if (ref) {
    const r = refOf(ref)
    return SCALARS[r] ?? r
  }
  if (p.oneOf && !p.type) return 'intstr'
  switch (p.type) {
    case 'array':
      return `[${typeWord(p.items ?? {})}]`
    case 'object':
      return p.additionalProperties ? `{${typeWord(p.additionalProperties)}}` : 'json'
    case 'integer':
      return p.format === 'int64' ? 'int64' : 'int32'
    case 'number':
      return 'double'
    case 'boolean':
      return 'bool'
    case 'string':
      return p.format === 'byte' ? 'bytes' : 'string'
    default:
      return 'json'
  }
}
function property(p, required, facts) {
  const f = { type: typeWord(p), ...facts(typeWord(p)) }
  if (required) f.required = true
  if (p.enum) f.enum = p.enum
  const strategy = p['x-kubernetes-patch-strategy']
  if (strategy) f.patch = strategy
  if (p['x-kubernetes-patch-merge-key']) f.mergeKey = p['x-kubernetes-patch-merge-key']
  if (p['x-kubernetes-list-type']) f.list = p['x-kubernetes-list-type']
  if (p['x-kubernetes-list-map-keys']) f.keys = p['x-kubernetes-list-map-keys']
  if (p['x-kubernetes-map-type']) f.map = p['x-kubernetes-map-type']
  if (p.items?.enum) f.enum = p.items.enum
  const d = p.default
  if (p.allOf && d !== undefined && typeof d === 'object') f.struct = true // a struct, not a pointer: the typed encoding always writes it
  if (
    d !== undefined &&
    d !== '' &&
    d !== 0 &&
    d !== false &&
    !(typeof d === 'object' && d !== null && Object.keys(d).length === 0)
  )
    f.default = d
  return Object.keys(f).length === 1 ? f.type : f
}

/**
 * Field orders of Go struct types: { 'core.v1.Pod': ['kind', …] } read from json tags; embedded structs are spliced in.
 */
const goFields = new Map()
/**
 * What only the Go types know of a field: whether it is a pointer (zero values are then kept), written even when empty,
 * and the name of its type in decoding errors.
 */
function goFacts(file, name, key, word, old) {
  const g = goFields.get(`${file}.${name}.${key}`)
  if (!g)
    return goDirs.length
      ? {}
      : Object.fromEntries(
          ['ptr', 'always', 'go']
            .filter((k) => typeof old === 'object' && old[k] !== undefined)
            .map((k) => [k, old[k]]),
        )
  const facts = {}
  if (g.type.startsWith('*')) facts.ptr = true
  if (g.always) facts.always = true
  const own = file.split('.').at(-1)
  const named = g.type
    .replace(/^\*/, '')
    .replace(/\b(?:\w+\.)?[A-Z]\w*/g, (t) =>
      t.includes('.') ? t.replace(/^(metav1|corev1|apiv1)\./, 'v1.') : `${own}.${t}`,
    )
  const guess = goWord(word)
  if (
    named !== guess &&
    !/resource\.Quantity$|intstr\.IntOrString|v1\.(Micro)?Time$|RawExtension|FieldsV1|\[\]byte|JSON/.test(named)
  )
    facts.go = named
  return facts
}
/** The Go type that a type word means where nothing else is said. */
function goWord(word) {
  if (word.startsWith('[')) return `[]${goWord(word.slice(1, -1))}`
  if (word.startsWith('{')) return `map[string]${goWord(word.slice(1, -1))}`
  if (word === 'bytes') return '[]uint8'
  if (word === 'double') return 'float64'
  const parts = word.split('.')
  return parts.length > 1 ? parts.slice(1).join('.') : word
}
function goOrders(dirs) {
  const structs = new Map()
  const walk = (dir, visit) => {
    for (const n of readdirSync(dir)) {
      const p = join(dir, n)
      if (statSync(p).isDirectory()) walk(p, visit)
      else if (/types.*\.go$|^(generated|duration|quantity)/.test(n) || n.endsWith('types.go')) visit(p)
    }
  }
  for (const dir of dirs)
    walk(dir, (path) => {
      const m = /\/(?:apis\/)?([a-z0-9]+)\/(v[0-9a-z]+)\/[^/]*\.go$/.exec(path)
      if (!m) return
      const file = `${m[1]}.${m[2]}`
      for (const s of readFileSync(path, 'utf8').matchAll(/^type (\w+) struct \{\n([\s\S]*?)^\}/gm)) {
        const rows = []
        for (const line of s[2].split('\n')) {
          const tag = /`[^`]*json:"([^",]*)((?:,[^"]*)?)"/.exec(line)
          const embedded = /^\s*(?:(\w+)\.)?(\w+)\s+`[^`]*json:"(?:,inline)?[^"]*"/.exec(line)
          if (tag && tag[1] && tag[1] !== '-') {
            rows.push(tag[1])
            const type = /^\s*\w+\s+(\S+)\s+`/.exec(line)?.[1]
            if (type && !/^\s*\/\//.test(line))
              goFields.set(`${file}.${s[1]}.${tag[1]}`, { type, always: !tag[2].includes('omitempty') })
          } else if (tag && tag[1] === '' && embedded)
            rows.push({
              embed: embedded[1]
                ? `${embedded[1] === 'metav1' ? 'meta.v1' : embedded[1]}.${embedded[2]}`
                : `${file}.${embedded[2]}`,
            })
        }
        structs.set(`${file}.${s[1]}`, rows)
      }
    })
  const inherit = (name, owner) => {
    for (const r of structs.get(owner) ?? [])
      if (typeof r !== 'string') inherit(name, r.embed)
      else if (goFields.has(`${owner}.${r}`) && !goFields.has(`${name}.${r}`))
        goFields.set(`${name}.${r}`, goFields.get(`${owner}.${r}`))
  }
  for (const name of structs.keys()) inherit(name, name)
  const flat = (name) => (structs.get(name) ?? []).flatMap((r) => (typeof r === 'string' ? [r] : flat(r.embed)))
  return new Map([...structs.keys()].map((k) => [k, flat(k)]))
}
const orders = goDirs.length ? goOrders(goDirs) : new Map()
const before = new Map()
if (!goDirs.length && existsSync(out))
  for (const n of readdirSync(out))
    if (n !== 'discovery.json' && n !== 'protobuf.json')
      for (const [name, def] of Object.entries(JSON.parse(readFileSync(join(out, n), 'utf8')))) {
        orders.set(`${n.slice(0, -5)}.${name}`, Object.keys(def.fields ?? {}))
        before.set(`${n.slice(0, -5)}.${name}`, def.fields)
      }

const files = new Map()
for (const [full, def] of Object.entries(definitions).sort(([a], [b]) => (a < b ? -1 : 1))) {
  const [file, name] = place(full)
  if (SCALARS[`${file}.${name}`]) continue
  const order = orders.get(`${file}.${name}`) ?? []
  const rank = (k) => {
    const i = order.indexOf(k)
    return i < 0 ? (k === 'kind' ? -3 : k === 'apiVersion' ? -2 : k === 'metadata' ? -1 : 1000) : i
  }
  const keys = Object.keys(def.properties ?? {}).sort((a, b) => rank(a) - rank(b))
  const type = {
    fields: Object.fromEntries(
      keys.map((k) => [
        k,
        property(def.properties[k], def.required?.includes(k), (word) =>
          goFacts(file, name, k, word, before.get(`${file}.${name}`)?.[k]),
        ),
      ]),
    ),
  }
  const gvk = def['x-kubernetes-group-version-kind']
  if (gvk?.length === 1) type.gvk = `${gvk[0].group ? gvk[0].group + '/' : ''}${gvk[0].version}/${gvk[0].kind}`
  if (def['x-kubernetes-map-type'] === 'atomic') type.map = 'atomic'
  if (def['x-kubernetes-unions']) type.unions = def['x-kubernetes-unions']
  if (!files.has(file)) files.set(file, {})
  files.get(file)[name] = type
}

mkdirSync(out, { recursive: true })
for (const n of readdirSync(out)) if (n !== 'protobuf.json') rmSync(join(out, n)) // generate-protobuf.mjs writes that one
for (const [file, types] of files)
  writeFileSync(
    join(out, `${file}.json`),
    '{\n' +
      Object.entries(types)
        .map(([n, t]) => `${JSON.stringify(n)}:${JSON.stringify(t)}`)
        .join(',\n') +
      '\n}\n',
  )

// discovery: one resource a line, in the API server's order of groups
const rows = []
for (const name of ['discovery-api.json', 'discovery-apis.json'])
  for (const g of JSON.parse(readFileSync(join(source, name), 'utf8')).items)
    for (const v of g.versions)
      for (const r of v.resources) {
        const group = g.metadata.name ?? ''
        const row = {
          group,
          version: v.version,
          resource: r.resource,
          kind: r.responseKind?.kind ?? '',
          singular: r.singularResource,
          namespaced: r.scope === 'Namespaced',
          verbs: r.verbs ?? [],
        }
        if (r.responseKind && (r.responseKind.group || r.responseKind.version))
          row.kindGroupVersion = [r.responseKind.group, r.responseKind.version].filter(Boolean).join('/')
        if (r.shortNames) row.shortNames = r.shortNames
        if (r.categories) row.categories = r.categories
        if (r.subresources)
          row.subresources = r.subresources.map((s) => ({
            name: s.subresource,
            kind: s.responseKind?.kind ?? '',
            ...(s.responseKind?.version ? { group: s.responseKind.group, version: s.responseKind.version } : {}),
            verbs: s.verbs,
            ...(s.acceptedTypes ? { accepts: s.acceptedTypes } : {}),
          }))
        rows.push(row)
      }
writeFileSync(join(out, 'discovery.json'), '[\n' + rows.map((r) => JSON.stringify(r)).join(',\n') + '\n]\n')

// the same structure as TypeScript
const apiDir = join(root, 'src/apimachinery/api')
rmSync(apiDir, { recursive: true, force: true })
mkdirSync(apiDir, { recursive: true })
const SCALAR_TS = {
  string: 'string',
  int32: 'number',
  int64: 'number',
  double: 'number',
  bool: 'boolean',
  bytes: 'string',
  time: 'string',
  microtime: 'string',
  quantity: 'Quantity',
  intstr: 'IntOrString',
  json: 'Json',
}
for (const [file, types] of files) {
  const imports = new Map()
  const words = new Set()
  const ts = (w) => {
    if (w.startsWith('[')) {
      const inner = ts(w.slice(1, -1))
      return `readonly ${inner.includes(' ') && !inner.startsWith('{') ? `(${inner})` : inner}[]`
    }
    if (w.startsWith('{')) return `{ readonly [key: string]: ${ts(w.slice(1, -1))} }`
    if (SCALAR_TS[w]) {
      const t = SCALAR_TS[w]
      if (/^[A-Z]/.test(t)) words.add(t)
      return t
    }
    const cut = w.lastIndexOf('.'),
      f = w.slice(0, cut),
      n = w.slice(cut + 1)
    if (f === file) return n
    if (!imports.has(f)) imports.set(f, new Set())
    const own = types[n] ? `${f.split('.')[0]}${n}`.replace(/^./, (c) => c.toUpperCase()) : n
    imports.get(f).add(own === n ? n : `${n} as ${own}`)
    return own
  }
  const body = Object.entries(types)
    .map(
      ([name, t]) =>
        `export type ${name} = {\n${Object.entries(t.fields)
          .map(([k, f]) => {
            const w = typeof f === 'string' ? f : f.type
            const must =
              (typeof f === 'object' && f.required) ||
              (t.gvk && !name.endsWith('List') && ['kind', 'apiVersion', 'metadata'].includes(k))
            return `  readonly ${/^[A-Za-z_]\w*$/.test(k) ? k : JSON.stringify(k)}${must ? '' : '?'}: ${ts(w)}`
          })
          .join('\n')}\n}\n`,
    )
    .join('\n')
  const head = ["// Generated by scripts/generate-schemas.mjs from the API's own documents. Not to be edited."]
  if (words.size) head.push(`import type { ${[...words].sort().join(', ')} } from '../json.ts'`)
  for (const [f, names] of [...imports].sort())
    head.push(`import type { ${[...names].sort().join(', ')} } from './${f}.ts'`)
  writeFileSync(join(apiDir, `${file}.ts`), head.join('\n') + '\n\n' + body)
}
console.log(`${files.size} schema files, ${rows.length} resources`)
