# Completion of belay for fish: put it into ~/.config/fish/completions/belay.fish.
complete -c belay -f -a '(belay __complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
