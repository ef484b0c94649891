// The house rules that a machine can check: floors, who may import which package, where ports end, and that every list
// names every file.
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const src = join(root, 'src')

function walk(dir: string): string[] {
  return readdirSync(dir).flatMap((n) => {
    const p = join(dir, n)
    return statSync(p).isDirectory() ? walk(p) : [p]
  })
}
const sources = walk(src).filter((p) => p.endsWith('.ts') && !p.endsWith('.test.ts'))
const imports = (path: string): string[] =>
  [...readFileSync(path, 'utf8').matchAll(/(?:\bfrom\s+|import\(\s*|^import\s+)['"]([^'"\n$]+)['"]/gm)].map(
    (m) => m[1] ?? '',
  )

const FLOORS: Record<string, number> = {
  apimachinery: 0,
  kinds: 1,
  storage: 1,
  dns: 1,
  client: 1,
  apiserver: 2,
  shell: 2,
  cluster: 3,
  cli: 4,
  server: 4,
  '': 5,
}
const room = (path: string): string => {
  const parts = relative(src, path).split('/')
  return parts.length > 1 ? (parts[0] ?? '') : ''
}

test('a file imports from its own room or a lower floor, never from a neighbour or upwards', () => {
  const wrong: string[] = []
  for (const path of sources)
    for (const spec of imports(path)) {
      if (!spec.startsWith('.')) continue
      const target = join(path, '..', spec)
      if (!target.startsWith(src)) {
        wrong.push(`${relative(src, path)} imports ${spec}, outside src`)
        continue
      }
      const from = room(path)
      const to = room(target)
      if (from !== to && !((FLOORS[from] ?? -1) > (FLOORS[to] ?? 99)))
        wrong.push(
          `${relative(src, path)} (floor ${FLOORS[from]}) imports ${relative(src, target)} (floor ${FLOORS[to]})`,
        )
    }
  expect(wrong).toEqual([])
})

/** One package, one importer (a file, or a folder that ends in /). */
const PACKAGES: Record<string, string[]> = {
  commander: ['cli/program.ts'],
  yaml: ['apimachinery/plainyaml.ts'],
  'cli-table3': ['cli/report.ts'],
  chalk: ['cli/report.ts'],
  ajv: ['apimachinery/jsonschema.ts'],
  'just-bash': ['shell/sh/justbash.ts'],
  ws: ['server/remotecommand.ts', 'server/portforward.ts', 'server/httpdoor.ts'],
  selfsigned: ['server/certificate.ts'],
}
test('each package has its one importer, and no other package is used', () => {
  const wrong: string[] = []
  for (const path of sources)
    for (const spec of imports(path)) {
      if (spec.startsWith('.') || spec.startsWith('node:')) continue
      const name = spec.startsWith('@') ? spec.split('/').slice(0, 2).join('/') : (spec.split('/')[0] ?? '')
      const allowed = PACKAGES[name]
      if (!allowed?.includes(relative(src, path))) wrong.push(`${relative(src, path)} imports ${spec}`)
    }
  expect(wrong).toEqual([])
})

const MACHINE = /^([^/]+\.ts$|server\/|storage\/(statefile|lock))/
test('the machine is reached only through host, server and the file half of storage', () => {
  const wrong: string[] = []
  for (const path of sources) {
    const name = relative(src, path)
    if (MACHINE.test(name)) continue
    const text = readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    for (const m of text.matchAll(
      /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|(?<![\w/.])process\.(?!nextTick)|\bsetTimeout\(|\bsetInterval\(|from 'node:|import\('node:/g,
    ))
      wrong.push(`${name}: ${m[0]}`)
  }
  expect(wrong).toEqual([])
})

/** folder -> the file whose list must name every file in it. */
const LISTS: Record<string, { list: string; except?: RegExp }> = {
  kinds: { list: 'kinds/index.ts', except: /^kinds\/[^/]+\.ts$|\/(podspec|describe|shared)[^/]*\.ts$/ },
  'cluster/controllers': { list: 'cluster/controllers/index.ts' },
  'cluster/images': { list: 'cluster/images/index.ts' },
  'shell/tools': { list: 'shell/tools/index.ts' },
  'apiserver/subresources': { list: 'apiserver/subresources/index.ts' },
  'apiserver/admission': { list: 'apiserver/admission/index.ts' },
  'cli/commands': { list: 'cli/commands/index.ts' },
  'cli/printers': { list: 'cli/printers/index.ts' },
}
test("a file that its folder's list does not reach is dead", () => {
  // reached: imported, directly or through other files of the folder, from the list
  const dead: string[] = []
  for (const [folder, { list, except }] of Object.entries(LISTS)) {
    const seen = new Set<string>()
    const visit = (path: string): void => {
      if (seen.has(path)) return
      seen.add(path)
      let specs: string[] = []
      try {
        specs = imports(path)
      } catch {
        return
      }
      for (const s of specs)
        if (s.startsWith('.')) {
          const t = join(path, '..', s)
          if (t.startsWith(join(src, folder))) visit(t)
        }
    }
    visit(join(src, list))
    for (const path of sources) {
      const name = relative(src, path)
      if (name.startsWith(folder + '/') && name !== list && !except?.test(name) && !seen.has(path)) dead.push(name)
    }
  }
  expect(dead).toEqual([])
})

test('no file is named after nothing', () => {
  expect(
    sources.map((p) => relative(src, p)).filter((n) => /(^|\/)(utils?|helpers?|common|misc|types)\.ts$/.test(n)),
  ).toEqual([])
})

test('what is exported stays what it was when its file was loaded: the build makes plain properties of exports', () => {
  expect(
    sources.filter((p) => /^export (?:let|var)\b/m.test(readFileSync(p, 'utf8'))).map((p) => relative(src, p)),
  ).toEqual([])
})

test('what is exported is used by another file', () => {
  const words = (path: string): Set<string> => new Set(readFileSync(path, 'utf8').match(/\w+/g))
  const files = new Map<string, number>()
  const everywhere = ['test', 'bench', 'scripts'].flatMap((d) => walk(join(root, d)))
  for (const path of [...walk(src), ...everywhere].filter((p) => /\.(ts|mjs)$/.test(p)))
    for (const w of words(path)) files.set(w, (files.get(w) ?? 0) + 1)
  const unused = sources.flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/^export (?:async )?(?:abstract )?(?:const|function\*?|class) (\w+)/gm)]
      .filter((m) => files.get(m[1] ?? '') === 1)
      .map((m) => `${relative(src, path)}: ${m[1]}`),
  )
  expect(unused).toEqual([])
})
