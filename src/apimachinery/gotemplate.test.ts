// Templates as Go's text/template executes and refuses them.
import { expect, test } from 'vitest'
import { sprintf } from './gosprintf.ts'
import { parseTemplate } from './gotemplate.ts'

const pod = {
  kind: 'Pod',
  metadata: { name: 'web', labels: { a: '1', b: '2' } },
  data: { p: 'aHVudGVyMg==' },
  spec: { n: 3, containers: [{ name: 'a' }, { name: 'b' }] },
}
const run = (text: string, missingKey: 'default' | 'error' = 'default'): string => {
  let out = ''
  try {
    parseTemplate(text, { missingKey }).execute(pod, (s) => {
      out += s
    })
    return out
  } catch (e) {
    return `${out}! ${(e as Error).message}`
  }
}

test('actions', () => {
  expect(
    [
      '{{.metadata.name}} {{.nope}} {{.nope.deeper}}',
      '{{range $i, $c := .spec.containers}}{{if $i}},{{end}}{{$c.name}}{{end}}',
      '{{range $k, $v := .metadata.labels}}{{$k}}={{$v}} {{end}}',
      '{{with .x}}a{{else with .kind}}{{.}}{{end}}',
      '{{len .spec.containers}} {{index .spec.containers 1 "name"}} {{(index .spec.containers 0).name}}',
      '{{printf "%-5s|%3d|%q|%T" .kind (len .kind) .kind .spec.n}}',
      '{{.data.p | base64decode}} {{exists . "data" "p"}} {{exists . "x"}}',
      '{{define "T"}}<{{.}}>{{end}}{{template "T" .kind}}',
      '{{if and .kind (gt .spec.n 2)}}y{{end}}{{not .x}}{{or .x "d"}}',
      '  {{- " x " -}}  {{/* c */}}.',
      '{{range .spec.containers}}{{break}}{{end}}{{range $i := 2}}{{$i}}{{end}}',
      '{{html "<a>"}} {{js "it\'s"}} {{urlquery "a b"}} {{print 1 2 "x"}} {{slice .kind 0 2}}',
    ].map((t) => run(t)),
  ).toEqual([
    'web <no value> <no value>',
    'a,b',
    'a=1 b=2 ',
    'Pod',
    '2 b a',
    'Pod  |  3|"Pod"|int64',
    'hunter2 true false',
    '<Pod>',
    'ytrued',
    ' x .',
    '01',
    "&lt;a&gt; it\\'s a+b 1 2x Po",
  ])
})
test('errors name the place', () => {
  expect(
    [
      '{{.metadata.name.x}}',
      '{{index .spec.containers 9}}',
      '{{range .kind}}{{end}}',
      'ab\n{{len .nope}}',
      '{{.metadata.name',
      '{{nofn .}}',
      '{{if}}x{{end}}',
      '{{end}}',
      '{{template "x"}}',
      '{{base64decode .spec.n}}',
      '{{1 | 2}}',
    ].map((t) => run(t)),
  ).toEqual([
    '! template: output:1:11: executing "output" at <.metadata.name.x>: can\'t evaluate field x in type interface {}',
    '! template: output:1:2: executing "output" at <index .spec.containers 9>: error calling index: index out of range: 9',
    '! template: output:1:8: executing "output" at <.kind>: range can\'t iterate over Pod',
    'ab\n! template: output:2:2: executing "output" at <len .nope>: error calling len: reflect: call of reflect.Value.Type on zero Value',
    '! template: output:1: unclosed action',
    '! template: output:1: function "nofn" not defined',
    '! template: output:1: missing value for if',
    '! template: output:1: unexpected {{end}}',
    '! template: output:1:11: executing "output" at <{{template "x"}}>: template "x" not defined',
    '! template: output:1:20: executing "output" at <.spec.n>: wrong type for value; expected string; got int64',
    '! template: output:1: non executable command in pipeline stage 2',
  ])
  expect(run('{{.metadata.nope}}', 'error')).toBe(
    '! template: output:1:11: executing "output" at <.metadata.nope>: map has no entry for key "nope"',
  )
})
test('Sprintf', () => {
  expect([
    sprintf('%s %d %v %q', ['a', 'b', { number: 1, type: 'int' }]),
    sprintf('%05d|%+d|%x|%.2f', [
      { number: 42, type: 'int' },
      { number: 1, type: 'int' },
      { number: 255, type: 'int' },
      { number: 1.005, type: 'float64' },
    ]),
    sprintf('%d%%', []),
    sprintf('x', ['extra']),
  ]).toEqual(['a %!d(string=b) 1 %!q(MISSING)', '00042|+1|ff|1.00', '%!d(MISSING)%', 'x%!(EXTRA string=extra)'])
})
