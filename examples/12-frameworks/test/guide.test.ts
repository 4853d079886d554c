import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

it.each(['react', 'vue'])('the guide shows the hook of the page in %s as it is tested', (name) => {
  const page = readFileSync(new URL(`../../../docs/guide/use-in-${name}.md`, import.meta.url), 'utf8')
  const hook = readFileSync(new URL(`../${name}/use-observable.ts`, import.meta.url), 'utf8')
  expect(page).toContain(`\`\`\`ts\n${hook}\`\`\``)
})
