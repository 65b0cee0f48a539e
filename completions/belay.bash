# Completion of belay for bash: source it, or put it into /etc/bash_completion.d/.
_belay() {
  local IFS=$'\n'
  COMPREPLY=($(belay __complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _belay belay
