import { html } from '@antiphon/report'
import { describe, expect, it } from 'vitest'
import type { Section } from '../../src/frame/section.js'
import { page, type SectionRecord, type SuiteRecord } from '../../src/report/page.js'
import { summary } from '../../src/report/summary.js'

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
