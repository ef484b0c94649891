// Columns as Go's text/tabwriter aligns them.
import { expect, test } from 'vitest'
import { alignTabs, TabWriter } from './tabwriter.ts'

test('columns end where a line has no such cell', () => {
  expect(alignTabs('Name:\tweb\nLabels:\tapp=x\n\ttier=y\nEvents:\t<none>\n', { minWidth: 0, padding: 2 })).toBe(
    'Name:    web\nLabels:  app=x\n         tier=y\nEvents:  <none>\n',
  )
  expect(alignTabs('a\tbbb\tc\nalone\nlonger\tb\tc\n', { minWidth: 0, padding: 1 })).toBe(
    'a bbb c\nalone\nlonger b c\n',
  )
})
test('kubectl: at least six wide, three blanks, code points, an empty last cell', () => {
  expect(alignTabs('UP\tNAME\tX\n日本\tweb-1\t\n', { minWidth: 6, padding: 3 })).toBe(
    'UP    NAME    X\n日本    web-1   \n',
  )
})
test('widths that are remembered never shrink', () => {
  const w = new TabWriter({ minWidth: 6, padding: 3, remember: true })
  w.write('a-long-name\tx\n')
  const first = w.flush()
  w.write('b\ty\n')
  expect([first, w.flush()]).toEqual(['a-long-name   x\n', 'b             y\n'])
})
