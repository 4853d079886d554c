/** The names that an API report shows as exported, as its package knows them inside. */
export function publicNamesIn(report: string): readonly string[] {
  const declared =
    /^export (?:declare )?(?:abstract )?(?:class|const|enum|function|interface|type) (\w+\$?)/gm
  const renamed = /^export \{ (\w+\$?)(?: as \w+\$?)? \}/gm
  return [...report.matchAll(declared), ...report.matchAll(renamed)].flatMap(([, name]) => name ?? [])
}

/** The symbol that a complaint about a forgotten export is about. */
function forgottenIn(complaint: string): string | undefined {
  return /\(ae-forgotten-export\) The symbol "([^"]+)"/.exec(complaint)?.[1]
}

/**
 * The complaints that stand when all doors of a package are seen together: what one of them forgets, another may show.
 */
export function complaintsThatStand(
  complaints: readonly string[],
  shown: readonly string[],
): readonly string[] {
  return complaints.filter((complaint) => {
    const forgotten = forgottenIn(complaint)
    return forgotten === undefined || !shown.includes(forgotten)
  })
}
