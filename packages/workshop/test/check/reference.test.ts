import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { guideSections, mentionsIn } from '../../check/docs/guide-mentions.js'
import { oneWayLinks } from '../../check/docs/one-way-links.js'
import { referenceFaults, writeDefaults } from '../../check/docs/reference-faults.js'
import { symbolIndexOf } from '../../check/docs/symbol-index.js'

const table = (...rows: readonly string[]) =>
  [
    '| Property | Type | Default value | Description |',
    '| ------ | ------ | ------ | ------ |',
    ...rows,
  ].join('\n')
const link = '| <a id="property-link"></a> `link` | `Link` | `undefined` | The link. |'
const retry = '| <a id="property-retry"></a> `retry?` | `number` \\| `undefined` | `undefined` | Retries. |'
const qos = '| <a id="property-qos"></a> `qos?` | `0` | `1` | The QoS. |'

describe('writeDefaults', () => {
  it('writes none for an option without a default value, and nothing for what is required', () => {
    expect(writeDefaults(table(link, retry, qos))).toBe(
      table(
        '| <a id="property-link"></a> `link` | `Link` | | The link. |',
        '| <a id="property-retry"></a> `retry?` | `number` \\| `undefined` | none | Retries. |',
        qos,
      ),
    )
  })
})

describe('referenceFaults', () => {
  it('accepts options with descriptions and defaults', () => {
    expect(
      referenceFaults('core/interfaces/ServeOptions.md', writeDefaults(table(link, retry, qos))),
    ).toEqual([])
  })

  it('reports an option without a description, or without a default', () => {
    const page = table('| <a id="property-qos"></a> `qos?` | `0` | `1` | - |', retry)
    expect(referenceFaults('core/interfaces/ServeOptions.md', page)).toEqual([
      'core/interfaces/ServeOptions.md: qos has no description',
      'core/interfaces/ServeOptions.md: retry has neither a default value nor none',
    ])
  })

  it('does not require a description of a type parameter, or of a record', () => {
    expect(
      referenceFaults('core/interfaces/ServeOptions.md', '| <a id="type-parameter-t"></a> `T` | - |'),
    ).toEqual([])
    expect(referenceFaults('core/interfaces/Message.md', table('| `topic` | `string` | `1` | - |'))).toEqual(
      [],
    )
  })

  it.each(['### stack?', '| `stack?` | `string` |', '#### captureStackTrace()'])(
    'reports a member of Error: %s',
    (line) => {
      expect(referenceFaults('core/classes/E.md', `# E\n\n${line}\n`)).toEqual([
        expect.stringMatching(/^core\/classes\/E\.md: lists \w+, which every Error has$/),
      ])
    },
  )
})

const index = symbolIndexOf(['@antiphon/core/functions/serve.md', '@antiphon/core/functions/request$.md'])
const serve = '/reference/@antiphon/core/functions/serve'
const request = '/reference/@antiphon/core/functions/request$'

describe('mentionsIn', () => {
  it('counts exports in the text, not in headings and blocks of code', () => {
    const page = '# `serve`\n\n`serve` and `serve(handler)`, `request$`.\n\n```ts\nconst a = `serve`\n```\n'
    expect([...mentionsIn(page, index)]).toEqual([
      [serve, 2],
      [request, 1],
    ])
  })
})

describe('guideSections', () => {
  it('lists the pages that mention an export most often, the guide first', () => {
    const pages = [
      { link: '/cookbook/a', markdown: '# A\n\n`serve` `serve` `serve`' },
      { link: '/guide/b', markdown: '# B\n\n`serve`' },
      { link: '/guide/c', markdown: '# C\n\n`serve` `serve`' },
    ]
    expect([...guideSections(pages, index)]).toEqual([
      [serve, '\n## In the guide\n\n- [C](/guide/c)\n- [B](/guide/b)\n- [A](/cookbook/a)\n'],
    ])
  })

  it('lists at most five pages, by their paths if they have no title', () => {
    const pages = Array.from({ length: 7 }, (_, at) => ({ link: `/guide/${at}`, markdown: '`request$`' }))
    const section = guideSections(pages, index).get(request) ?? ''
    expect(section.match(/^- \[\/guide\/\d\]\(\/guide\/\d\)$/gm)).toHaveLength(5)
  })
})

describe('oneWayLinks', () => {
  it('reports a link of the guide to an export whose page does not link back', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'antiphon-links-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const write = async (name: string, html: string) => {
      await mkdir(join(folder, name, '..'), { recursive: true })
      await writeFile(join(folder, name), html)
    }
    const functions = 'reference/@antiphon/core/functions'
    await write(
      'guide/a.html',
      `<a href="/x/${functions}/serve">s</a><a href="/x/${functions}/request%24#b">r</a>`,
    )
    await write('index.html', `<a href="/x/${functions}/none">n</a>`)
    await write(`${functions}/serve.html`, '<nav></nav><main><a class="b" href="/x/guide/a#c">A</a></main>')
    await write(`${functions}/request$.html`, '<nav><a href="/x/guide/a">A</a></nav><main></main>')
    expect(await oneWayLinks(folder, '/x/')).toEqual([`guide/a.html: ${functions}/request$`])
  })
})
