/**
 * Returns the line difference of two texts: `- ` marks expected lines, `+ ` actual lines, `  ` common lines.
 */
export function difference(actual: string, expected: string): string {
  const [left, right] = [expected.split('\n'), actual.split('\n')]
  const common = commonLengths(left, right)
  const lines: string[] = []
  let [i, j] = [0, 0]
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      lines.push(`  ${left[i]}`)
      i++
      j++
    } else if (
      j >= right.length ||
      (i < left.length && lengthFrom(common, i + 1, j) >= lengthFrom(common, i, j + 1))
    )
      lines.push(`- ${left[i++]}`)
    else lines.push(`+ ${right[j++]}`)
  }
  return lines.join('\n')
}

/** Returns the length of the longest common subsequence from each pair of lines on. */
function commonLengths(left: readonly string[], right: readonly string[]): readonly (readonly number[])[] {
  const lengths = Array.from({ length: left.length + 1 }, () => new Array<number>(right.length + 1).fill(0))
  for (let i = left.length - 1; i >= 0; i--)
    for (let j = right.length - 1; j >= 0; j--) {
      const row = lengths[i]
      if (row === undefined) continue
      const isSame = left[i] === right[j]
      row[j] = isSame
        ? lengthFrom(lengths, i + 1, j + 1) + 1
        : Math.max(lengthFrom(lengths, i + 1, j), lengthFrom(lengths, i, j + 1))
    }
  return lengths
}

function lengthFrom(lengths: readonly (readonly number[])[], i: number, j: number): number {
  return lengths[i]?.[j] ?? 0
}
