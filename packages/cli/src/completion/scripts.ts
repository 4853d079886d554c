import type { CompletionWords } from './completion-option.js'

/** Returns the script for bash. */
export function bashCompletion(words: CompletionWords): string {
  const cases = [...words].map(
    ([command, options]) => `    ${command}) words="${options.map(({ name }) => name).join(' ')}" ;;`,
  )
  const choices = new Map(
    [...words.values()]
      .flat()
      .flatMap(({ name, choices }) => (choices.length > 0 ? [[name, choices.join(' ')]] : [])),
  )
  const values = [...choices].map(
    ([name, list]) => `    ${name}) COMPREPLY=($(compgen -W "${list}" -- "$word")); return ;;`,
  )
  return `_antiphon() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" words
  COMPREPLY=()
  case "$before" in
    --context) COMPREPLY=($(compgen -W "$(antiphon context list 2>/dev/null | tr -d '*')" -- "$word")); return ;;
    --*-file|--file|--ca|--cert|--key|--contract) COMPREPLY=($(compgen -f -- "$word")); return ;;
${values.join('\n')}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${[...words.keys()].join(' ')} help --help --version" -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words --help" -- "$word"))
}
complete -o default -F _antiphon antiphon
`
}

/** Returns the script for zsh, which runs that of bash. */
export function zshCompletion(words: CompletionWords): string {
  return `autoload -U +X compinit && compinit
autoload -U +X bashcompinit && bashcompinit
${bashCompletion(words)}`
}

/** Returns the script for fish. */
export function fishCompletion(words: CompletionWords): string {
  const commands = [...words.keys()].map(
    (name) => `complete -c antiphon -n __fish_use_subcommand -f -a ${name}`,
  )
  const options = [...words].flatMap(([command, list]) =>
    list.map(({ name, about, choices }) => {
      const values = choices.length === 0 ? '' : ` -x -a '${choices.join(' ')}'`
      const text = about.replaceAll(/['\\]/g, '\\$&')
      return `complete -c antiphon -n '__fish_seen_subcommand_from ${command}' -l ${name.replace('--', '')} -d '${text}'${values}`
    }),
  )
  return `${[...commands, ...options].join('\n')}\n`
}
