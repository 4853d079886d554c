import { describe, expect, it } from 'vitest'
import { figure, html, lineChart, page, table } from '../src/index.js'

describe('html', () => {
  it('escapes text, and inserts markup unchanged', () => {
    expect(html`<p title="${'"'}">${['a<b', html`<i>${1}</i>`, undefined]}</p>`.markup).toBe(
      '<p title="&#34;">a&#60;b<i>1</i></p>',
    )
  })
})

describe('table', () => {
  it('aligns numbers to the right with grouped thousands', () => {
    expect(table(['kind', 'count'], [['cut', 1_200]]).markup).toMatch(
      /<th>kind<\/th>[^]*<td>cut<\/td>\s*<td class="number">1,200/,
    )
  })

  it('escapes text in the head and in cells, and accepts a class', () => {
    const { markup } = table(['a<b'], [['<i>']], 'figures')
    expect(markup).toContain('<table class="figures">')
    expect(markup).toContain('a&#60;b')
    expect(markup).not.toContain('<i>')
  })
})

describe('page', () => {
  const chart = lineChart({ title: 't', x: 'x', y: 'y', scale: 'linear', series: [] })
  const shown = page({ title: 'A & B', style: '.page{}', body: [html`<h1>B</h1>`, figure(chart)] })

  it('renders title, style rules and body', () => {
    for (const part of ['<title>A &#38; B</title>', '.page{}', '<h1>B</h1>', chart.markup])
      expect(shown).toContain(part)
  })

  it('renders for the width of the device and for both colour schemes', () => {
    expect(shown).toContain('width=device-width')
    expect(shown).toContain('prefers-color-scheme:dark')
  })

  it('renders a page that loads nothing else', () => {
    expect(shown.replace('http://www.w3.org/2000/svg', '')).not.toMatch(
      /<(script|link|img)|https?:|url\(|@import/,
    )
  })
})
