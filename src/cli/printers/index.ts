// All output formats: the words of -o, whether they carry a template (`jsonpath=…`), and the file that prints them.
import type { FeatureName } from '../../apimachinery/versions.ts'
import type { MakePrinter } from './printer.ts'

export interface PrinterLine {
  readonly formats: readonly string[]
  /** Which set of flags knows the format: all commands, or only `get`'s. */
  readonly family: 'jsonyaml' | 'name' | 'template' | 'columns'
  readonly since?: FeatureName
  readonly load: () => Promise<MakePrinter>
}

export const PRINTERS: readonly PrinterLine[] = [
  { formats: ['json'], family: 'jsonyaml', load: () => import('./json.ts').then((m) => m.json) },
  { formats: ['yaml'], family: 'jsonyaml', load: () => import('./yaml.ts').then((m) => m.yaml) },
  { formats: ['kyaml'], family: 'jsonyaml', since: 'kyaml', load: () => import('./kyaml.ts').then((m) => m.kyaml) },
  { formats: ['name'], family: 'name', load: () => import('./name.ts').then((m) => m.name) },
  {
    formats: ['jsonpath', 'jsonpath-as-json', 'jsonpath-file'],
    family: 'template',
    load: () => import('./jsonpath.ts').then((m) => m.jsonpath),
  },
  {
    formats: ['go-template', 'go-template-file', 'template', 'templatefile'],
    family: 'template',
    load: () => import('./gotemplate.ts').then((m) => m.goTemplate),
  },
  {
    formats: ['custom-columns', 'custom-columns-file'],
    family: 'columns',
    load: () => import('./customcolumns.ts').then((m) => m.customColumns),
  },
]
