// kubectl plugin list: programs named kubectl-… on PATH. Behaves as kubectl/pkg/cmd/plugin; they are listed, never run.
import { goQuote } from '../../apimachinery/gostring.ts'
import type { Command, CommandContext } from '../command.ts'
import { SilentExit } from '../exit.ts'
import { groupRun } from '../subcommands.ts'

async function list(ctx: CommandContext): Promise<void> {
  const { io, flags } = ctx
  const found: string[] = []
  const errors: string[] = []
  const seen = new Map<string, string>()
  for (const dir of [...new Set((io.env.PATH ?? '').split(':'))]) {
    if (!dir.trim()) continue
    const names = io.files.list(dir)
    if (!names) {
      io.stderr.write(
        `Unable to read directory ${goQuote(dir)} from your PATH: open ${dir}: no such file or directory. Skipping...\n`,
      )
      continue
    }
    for (const name of names) {
      if (!name.startsWith('kubectl-')) continue
      const path = `${dir}/${name}`
      const stat = io.files.stat(path)
      if (!stat || stat.kind === 'directory') continue
      if (!found.length) io.stdout.write('The following compatible plugins are available:\n\n')
      found.push(path)
      io.stdout.write(`${flags.bool('name-only') ? name : path}\n`)
      const warnings: string[] = []
      if (!(stat.mode & 0o111)) warnings.push(`${path} identified as a kubectl plugin, but it is not executable`)
      const first = seen.get(name)
      if (first) warnings.push(`${path} is overshadowed by a similarly named plugin: ${first}`)
      else seen.set(name, path)
      for (const w of warnings) {
        io.stderr.write(`  - warning: ${w}\n`)
        errors.push(w)
      }
    }
  }
  if (!found.length) io.stderr.write('error: unable to find any kubectl plugins in your PATH\n')
  else if (errors.length)
    io.stderr.write(
      `error: ${errors.length === 1 ? 'one plugin warning was found' : `${errors.length} plugin warnings were found`}\n`,
    )
  if (!found.length || errors.length) throw new SilentExit(1)
}

export const plugin: Command = {
  name: 'plugin',
  usage: '[flags] [options]',
  short: 'Provides utilities for interacting with plugins',
  long: 'Work with plugins: programs named kubectl-NAME on PATH. This program lists them; it does not run them.',
  flags: [],
  subcommands: [
    {
      name: 'list',
      short: "List all visible plugin executables on a user's PATH",
      load: async () => ({
        name: 'list',
        usage: '[flags] [options]',
        short: "List all visible plugin executables on a user's PATH",
        long: 'List all programs on PATH whose names begin with kubectl-.',
        flags: [{ name: 'name-only', type: 'bool', usage: 'Only the names, not the paths.' }],
        run: list,
      }),
    },
  ],
  run: groupRun('stderr'),
}
