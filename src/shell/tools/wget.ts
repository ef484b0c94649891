// wget: GNU's (1.2x) and busybox's; the image says which.
import type { Tool } from '../tool.ts'
import { busyboxWget } from './wgetbusybox.ts'
import { gnuWget } from './wgetgnu.ts'

export const wget: Tool = {
  name: 'wget',
  run: (args, ctx) => (ctx.image.programs['wget']?.startsWith('busybox') ? busyboxWget(args, ctx) : gnuWget(args, ctx)),
}
