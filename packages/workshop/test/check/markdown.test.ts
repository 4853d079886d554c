import { createMarkdownRenderer, type MarkdownRenderer } from 'vitepress'
import { beforeAll, describe, expect, it } from 'vitest'
import { drawMarbleBlocks, foldKnownImports, linkSymbols, sizeImages } from '../../check/docs/markdown.js'
import { symbolIndexOf } from '../../check/docs/symbol-index.js'
import { inRoot } from '../../check/workspace.js'

let markdown: MarkdownRenderer

beforeAll(async () => {
  markdown = await createMarkdownRenderer(inRoot('docs'))
  foldKnownImports(markdown)
  drawMarbleBlocks(markdown)
  linkSymbols(
    markdown,
    symbolIndexOf(['@antiphon/core/functions/serve.md', '@antiphon/mqtt/functions/connect.md']),
  )
  sizeImages(markdown, inRoot('docs'))
})

const render = (text: string, relativePath = 'guide/page.md'): string =>
  markdown.render(text, { relativePath })
const block = (code: string, info = 'ts'): string => `\`\`\`${info}\n${code}\n\`\`\`\n`
const imports = ["import { a } from 'a'", "import { b } from 'b'", "import { c } from 'c'"].join('\n')

describe('a block of marbles', () => {
  it('is a drawing with its text', () => {
    const html = render(block('requests  --a-\n          serve(x => "<")', 'marbles'))
    expect(html).toMatch(/<figure class="marbles" v-pre><div [^>]*><svg /)
    expect(html).toContain('<code>requests  --a-\n          serve(x =&gt; &quot;&lt;&quot;)\n</code>')
  })

  it('that cannot be read fails with its page and line', () => {
    expect(() => render(`# A\n\n${block('--a-', 'marbles')}`)).toThrow(
      /^docs\/guide\/page\.md:3 cannot read the marbles/,
    )
  })
})

describe('the imports of a block', () => {
  it('are folded if a block before has imported from the same modules', () => {
    const html = render(`${block(`${imports}\nrun()`)}\n${block(`${imports}\nstop()`, 'ts run')}`)
    expect(html.match(/<summary/g)).toHaveLength(1)
    expect(html.indexOf('<summary')).toBeGreaterThan(html.indexOf('run'))
  })

  it('are not folded in a text', () => {
    expect(render(block(`${imports}\nrun()`) + block(`${imports}\nrun()`, 'text'))).not.toContain('<summary')
  })
})

describe('the first mention of an export', () => {
  it('is a link to its page', () => {
    const html = render('# `serve`\n\n`serve`, `serve`, `nothing`\n\n[`serve`](https://a.example)')
    expect(html).toContain(
      '<p><a href="/reference/@antiphon/core/functions/serve.html"><code>serve</code></a>,',
    )
    expect(html.match(/href="\/reference/g)).toHaveLength(1)
  })

  it('is no link on a page for contributors', () => {
    expect(render('`serve`', 'decisions/0001.md')).not.toContain('<a ')
  })
})

describe('an image', () => {
  it('has its size', () => {
    expect(render('![Retries](images/sequence.svg)')).toMatch(/<img [^>]*width="\d+" height="\d+"/)
  })

  it('of another site has none', () => {
    expect(render('![A](https://a.example/a.png)')).not.toContain('width=')
  })
})
