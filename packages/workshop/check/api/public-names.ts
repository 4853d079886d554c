/** Returns the exported names in an API report, by their names inside the package. */
export function publicNamesIn(report: string): readonly string[] {
  const declared =
    /^export (?:declare )?(?:abstract )?(?:class|const|enum|function|interface|type) (\w+\$?)/gm
  const renamed = /^export \{ (\w+\$?)(?: as \w+\$?)? \}/gm
  return [...report.matchAll(declared), ...report.matchAll(renamed)].flatMap(([, name]) => name ?? [])
}

/** Returns the symbol of a warning about a forgotten export. */
function forgottenSymbolIn(warning: string): string | undefined {
  return /\(ae-forgotten-export\) The symbol "([^"]+)"/.exec(warning)?.[1]
}

/**
 * Returns the warnings that remain if all entries of a package are taken together: a symbol that one entry does not export
 * may be exported by another.
 */
export function remainingWarnings(
  warnings: readonly string[],
  exportedNames: readonly string[],
): readonly string[] {
  return warnings.filter((warning) => {
    const forgotten = forgottenSymbolIn(warning)
    return forgotten === undefined || !exportedNames.includes(forgotten)
  })
}
