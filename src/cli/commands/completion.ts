// kubectl completion: scripts for bash, zsh, fish and PowerShell that ask the program itself what may follow. Behaves
// as kubectl/pkg/cmd/completion.
import type { Command, CommandContext } from '../command.ts'
import { UsageError } from '../exit.ts'

const BASH = `
# bash completion for kubectl: every answer comes from the program itself
__kubectl_complete() {
    local cur out
    cur="\${COMP_WORDS[COMP_CWORD]}"
    COMPREPLY=()
    out=$("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    local IFS=$'\\n'
    COMPREPLY=($(compgen -W "$(printf '%s\\n' "$out" | grep -v '^:' | cut -f1)" -- "$cur"))
}
complete -o default -F __kubectl_complete kubectl
complete -o default -F __kubectl_complete kubesim
`
const ZSH = `#compdef kubectl kubesim
# zsh completion for kubectl: every answer comes from the program itself
_kubectl() {
    local -a answers
    answers=("\${(@f)$("\${words[1]}" __complete "\${words[@]:1:$((CURRENT-1))}" 2>/dev/null | grep -v '^:' | cut -f1)}")
    compadd -a answers
}
compdef _kubectl kubectl kubesim
`
const FISH = `# fish completion for kubectl: every answer comes from the program itself
function __kubectl_answers
    set -l words (commandline -opc) (commandline -ct)
    $words[1] __complete $words[2..-1] 2>/dev/null | string match -v ':*'
end
complete -c kubectl -f -a '(__kubectl_answers)'
complete -c kubesim -f -a '(__kubectl_answers)'
`
const POWERSHELL = `# powershell completion for kubectl: every answer comes from the program itself
Register-ArgumentCompleter -Native -CommandName 'kubectl', 'kubesim' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | ForEach-Object { "$_" })
    & $words[0] __complete @($words | Select-Object -Skip 1) $wordToComplete 2>$null | Where-Object { $_ -notlike ':*' } | ForEach-Object {
        $name = ($_ -split "\`t")[0]
        if ($name -like "$wordToComplete*") { [System.Management.Automation.CompletionResult]::new($name, $name, 'ParameterValue', $name) }
    }
}
`
const SCRIPTS: ReadonlyMap<string, string> = new Map([
  ['bash', BASH],
  ['zsh', ZSH],
  ['fish', FISH],
  ['powershell', POWERSHELL],
])

async function run(ctx: CommandContext): Promise<void> {
  const { args, io } = ctx
  if (!args.length) throw new UsageError('Shell not specified.')
  if (args.length > 1) throw new UsageError('Too many arguments. Expected only the shell type.')
  const script = SCRIPTS.get(args[0] ?? '')
  if (!script) throw new UsageError(`Unsupported shell type ${JSON.stringify(args[0])}.`)
  io.stdout.write(script)
}

export const completion: Command = {
  name: 'completion',
  usage: 'SHELL [options]',
  short: 'Output shell completion code for the specified shell (bash, zsh, fish, or powershell)',
  long: 'Print the completion code of a shell. The shell must read it to complete kubectl commands.',
  examples:
    '  # bash, for this shell\n  source <(kubectl completion bash)\n  \n  # zsh, for this shell\n  source <(kubectl completion zsh)\n  \n  # fish, for this shell\n  kubectl completion fish | source',
  flags: [],
  run,
}
