#pragma once
#include <string>

/// A runbook of `steps` steps as a person would write them: reads, changes with undo, retries, conditions, groups, references to earlier steps.
inline std::string long_runbook(int steps) {
  std::string text = "runbook: host/long\ntitle: A long procedure\nparameters:\n  to: {type: string, optional: true, help: where to}\n  keep: {type: duration, default: 30d}\nclaim: ${{ service.name }}/${{ env.name }}\nsteps:\n";
  for (int i = 0; i < steps; i += 4) {
    const std::string n = std::to_string(i), before = std::to_string(i - 4);
    text += "  - id: look" + n + "\n    title: Look at ${{ service.name }} in ${{ env.name }}\n    use: cloud.describe\n    expect:\n      - revision != ''\n      - size(names) >= 0\n";
    text += "    retry: {attempts: 10, delay: 3s, factor: 1.5, max: 30s}\n";
    text += "  - id: shift" + n + "\n    title: Send 100 % to ${{ steps.look" + n + ".revision }}\n    use: cloud.shift\n    timeout: {attempt: 10s, step: 1m}\n    with:\n      split: \"${{ {steps.look" + n + ".revision: 100} }}\"\n      wait: 30s\n";
    text += i == 0 ? "" : "    when: steps.look" + before + ".revision != steps.look" + n + ".revision\n";
    text += "  - id: run" + n + "\n    use: core.run\n    timeout: 2m\n    irreversible: it only writes a file named for ${{ run.id }}\n    with:\n      argv: [tool, --name, \"${{ steps.look" + n + ".names[0] }}\", \"${{ params.to == null ? 'none' : params.to }}\"]\n      folder: ${{ env.host.root }}/x\n";
    text += "  - id: named" + n + "\n    use: core.let\n    with:\n      value:\n        status: ${{ steps.run" + n + ".status }}\n        text: \"${{ steps.run" + n + ".out }} of ${{ steps.look" + n + ".revision }}\"\n";
  }
  return text;
}
