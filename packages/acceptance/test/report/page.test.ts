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
  environment: { cores: '2' },
  sections: records,
})
const pageOf = (...records: readonly SectionRecord[]) => page(suiteOf(...records), [section])

describe('page', () => {
  it('shows the figures and the charts of a section, and the tests that were not run', () => {
    const shown = pageOf(record)
    for (const part of ['No failures', '<dd>0</dd>', 'a full disk', '1 drawn', 'Faults &#38; mishaps'])
      expect(shown).toContain(part)
  })

  it('lists failures, and does not render a section that threw', () => {
    const broken = { ...record, isBroken: true, outcome: { figures: [], failures: ['<lost>'], notRun: [] } }
    expect(pageOf(broken)).toContain('1 failure')
    expect(pageOf(broken)).toContain('<li>&#60;lost&#62;</li>')
    expect(pageOf(broken)).not.toContain('drawn')
  })

  it('renders a page that loads nothing else', () => {
    expect(pageOf(record)).not.toMatch(/<(script|link|img)|https?:|url\(/)
  })
})

describe('summary', () => {
  it('shows the figures and the tests that were not run', () => {
    const shown = summary(suiteOf(record), [section])
    expect(shown).toContain('2026-01-02, `pnpm acceptance`, 2 minutes on cores 2.')
    expect(shown).toContain('| Faults & mishaps | lost | 0 |')
    expect(shown).toContain('No failures.')
    expect(shown).toContain('- a full disk (root)')
  })

  it('lists failures', () => {
    const failed = { ...record, outcome: { figures: [], failures: ['one was lost'], notRun: [] } }
    expect(summary(suiteOf(failed), [section])).toContain('Failures:\n\n- one was lost')
  })
})
