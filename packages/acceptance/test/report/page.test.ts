import { describe, expect, it } from 'vitest'
import type { Section } from '../../src/frame/section.js'
import { html } from '../../src/report/html.js'
import { page, type SectionRecord, type SuiteRecord } from '../../src/report/page.js'
import { linePlot, stripPlot } from '../../src/report/plot.js'
import { linearScale, logarithmicScale } from '../../src/report/scale.js'
import { summary } from '../../src/report/summary.js'
import { table } from '../../src/report/table.js'

const section: Section = {
  name: 'faults',
  title: 'Faults & mishaps',
  options: {},
  run: async () => ({ figures: [], failures: [], notRun: [] }),
  render: ({ figures }) => html`<b>${figures.length} drawn</b>`,
}
const record: SectionRecord = {
  name: 'faults',
  seconds: 3,
  isBroken: false,
  outcome: {
    figures: [{ name: 'lost', value: '0' }],
    failures: [],
    notRun: [{ what: 'a full disk', remedy: 'root' }],
  },
}
const suiteOf = (...records: readonly SectionRecord[]): SuiteRecord => ({
  startedAt: '2026-01-02T03:04:05.678Z',
  seconds: 120,
  isSmoke: false,
  command: 'pnpm acceptance',
  ground: { cores: '2' },
  sections: records,
})
const pageOf = (...records: readonly SectionRecord[]) => page(suiteOf(...records), [section])

describe('the page', () => {
  it('shows what a section found, and what did not run', () => {
    const shown = pageOf(record)
    for (const part of ['everything held', '<dd>0</dd>', 'a full disk', '1 drawn', 'Faults &#38; mishaps'])
      expect(shown).toContain(part)
  })

  it('says what did not hold, and draws nothing of a section that broke off', () => {
    const broken = { ...record, isBroken: true, outcome: { figures: [], failures: ['<lost>'], notRun: [] } }
    expect(pageOf(broken)).toContain('1 thing did not hold')
    expect(pageOf(broken)).toContain('<li>&#60;lost&#62;</li>')
    expect(pageOf(broken)).not.toContain('drawn')
  })

  it('needs nothing that is not in it', () => {
    expect(pageOf(record)).not.toMatch(/<(script|link|img)|https?:|url\(/)
  })
})

describe('the summary', () => {
  it('shows the figures, and what did not run', () => {
    const shown = summary(suiteOf(record), [section])
    expect(shown).toContain('2026-01-02, `pnpm acceptance`, 2 minutes on cores 2.')
    expect(shown).toContain('| Faults & mishaps | lost | 0 |')
    expect(shown).toContain('Everything held.')
    expect(shown).toContain('- a full disk (root)')
  })

  it('names what did not hold', () => {
    const failed = { ...record, outcome: { figures: [], failures: ['one was lost'], notRun: [] } }
    expect(summary(suiteOf(failed), [section])).toContain('What did not hold:\n\n- one was lost')
  })
})

describe('what sections draw with', () => {
  it('escapes text, and leaves markup', () => {
    expect(html`<p title="${'"'}">${['a<b', html`<i>${1}</i>`, undefined]}</p>`.markup).toBe(
      '<p title="&#34;">a&#60;b<i>1</i></p>',
    )
  })

  it('sets numbers to the right', () => {
    expect(table(['kind', 'count'], [['cut', 1_200]]).markup).toMatch(
      /<td>cut<\/td>\s*<td class="number">1,200/,
    )
  })

  it('puts values on even ground and names round ones', () => {
    const { at, ticks } = linearScale([0, 9, 4], [0, 90])
    expect([at(0), at(9), at(4.5)]).toEqual([0, 90, 45])
    expect(ticks.map(({ text }) => text)).toEqual(['0', '2', '4', '6', '8'])
  })

  it('puts values on logarithmic ground', () => {
    const { at, ticks } = logarithmicScale([0, 1_000], [0, 300])
    expect([at(0), at(10), at(1_000)]).toEqual([0, 100, 300])
    expect(ticks.map(({ text }) => text)).toEqual(['1', '10', '100', '1K'])
  })

  it.each([[[]], [[3]], [[NaN, Infinity, 2]]])(
    'draws %j without a number that is none',
    (values: number[]) => {
      const points = values.map((value, index) => [index, value] as const)
      const drawn = linePlot({ title: 't', x: 'x', y: 'y' }, [{ name: 'a', points }]).markup
      expect(drawn).not.toMatch(/"[^"]*NaN/)
      expect(stripPlot({ title: 't', x: 'x' }, [{ name: 'a', values }]).markup).not.toMatch(/"[^"]*NaN/)
    },
  )
})
