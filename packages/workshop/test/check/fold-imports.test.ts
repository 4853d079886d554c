import { describe, expect, it } from 'vitest'
import { foldLines, isFolded, leadingImports } from '../../check/docs/fold-imports.js'

const imports = [
  "import { a } from 'a'",
  'import {',
  '  b,',
  "} from 'b'",
  "import 'c' // for its effect",
  '',
].join('\n')

describe('leadingImports', () => {
  it('counts the lines of imports, and those with the blank lines after them', () => {
    expect(leadingImports(`${imports}\n\nrun()\n`)).toEqual({
      lines: 7,
      importLines: 5,
      modules: ['a', 'b', 'c'],
    })
  })

  it('accepts blank lines between imports', () => {
    expect(leadingImports("import 'a'\n\nimport 'b'\nrun()")).toEqual({
      lines: 3,
      importLines: 3,
      modules: ['a', 'b'],
    })
  })

  it.each([
    ['begins with something else', "run()\nimport 'a'"],
    ['has an import without an end', 'import {\n  a,\n'],
    ['imports while it runs', "await import('a')"],
  ])('finds none if the code %s', (_, code) => {
    expect(leadingImports(code)).toEqual({ lines: 0, importLines: 0, modules: [] })
  })
})

describe('isFolded', () => {
  const code = `${imports}\nrun()\n`

  it('folds imports from modules that blocks before it import from', () => {
    expect(isFolded(code, ["import 'a'\n", "import 'c'\nimport 'b'\n"])).toBe(true)
  })

  it.each([
    ['a module is new to the page', code, ["import 'a'\nimport 'b'\n"]],
    ['there are only two lines of imports', "import 'a'\nimport 'b'\nrun()", [code]],
    ['no code follows', imports, [code]],
    ['there are no imports', 'run()\nrun()\nrun()\n', [code]],
  ])('leaves a block as it is if %s', (_, block, earlier) => {
    expect(isFolded(block, earlier)).toBe(false)
  })
})

describe('foldLines', () => {
  const line = (text: string) => `<span class="line">${text}</span>`
  const html =
    '<div class="language-ts"><button class="copy"></button><span class="lang">ts</span>' +
    `<pre class="shiki" v-pre><code>${['import a', 'import b', '', 'run()'].map(line).join('\n')}</code></pre></div>`

  it('moves the imports into details, and keeps the text that is copied', () => {
    const folded = foldLines(html, { lines: 3, importLines: 2, modules: ['a', 'b', 'a'] })
    expect(folded).toContain('<summary class="vp-copy-ignore">imports <span>from a, b</span></summary>')
    const copied = folded.replace(/<summary.*?<\/summary>/, '').replace(/<span class="lang">ts<\/span>/, '')
    expect(copied.replaceAll(/<[^>]+>/g, '')).toBe('import a\nimport b\n\nrun()')
    expect(folded).toMatch(
      /^<div class="language-ts"><button class="copy"><\/button><span class="lang">ts<\/span><div class/,
    )
  })

  it('reports a block that is not as expected', () => {
    expect(() => foldLines('<p></p>', { lines: 1, importLines: 1, modules: [] })).toThrow(
      /the block is not as VitePress writes it: <p>/,
    )
  })
})
