/**
 * Returns a CommonJS program that loads entries by `require` and by `import`, and prints the number of names of each.
 *
 * The program fails if an entry cannot be loaded, or if `require` and `import` return different objects, because
 * `instanceof` would then fail between a program and its libraries.
 */
export function loader(specifiers: readonly string[]): string {
  return `
async function load(specifier) {
  const required = require(specifier)
  const imported = await import(specifier)
  const names = Object.keys(imported)
  if (names.length === 0) throw new Error(\`\${specifier} exports nothing\`)
  const different = names.filter((name) => required[name] !== imported[name])
  if (different.length > 0) throw new Error(\`require and import of \${specifier} differ in \${different.join(', ')}\`)
  return \`  \${specifier}: \${names.length} names\`
}

async function main() {
  const lines = [\`Node \${process.versions.node}\`]
  for (const specifier of ${JSON.stringify(specifiers)}) lines.push(await load(specifier))
  console.log(lines.join('\\n'))
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
`
}
