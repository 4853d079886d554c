import { describe, expect, it } from 'vitest'
import { skippedSuitesNotice } from '../../check/skipped-suites.js'
import type { Step, StepResult } from '../../check/step.js'
import { failures, summary, tally } from '../../check/summary.js'
import { countTests, type TestCounts } from '../../check/tests/counts.js'
import type { Tier } from '../../check/tests/tiers.js'

const ended = (step: Step, verdict: StepResult['verdict'], note = ''): StepResult => ({
  step,
  verdict,
  milliseconds: 1234,
  output: `${step.name} printed a line\n`,
  note,
})
const result = (name: string, verdict: StepResult['verdict'], note = ''): StepResult =>
  ended({ name, about: '', command: [name] }, verdict, note)
const tested = (tier: Tier, verdict: StepResult['verdict'], tests: TestCounts): StepResult => ({
  ...ended({ name: tier, about: '', command: [tier], tier }, verdict),
  tests,
})

describe('the tally', () => {
  it('counts each test, and each step that runs no tests', () => {
    const results = [
      tested('check', 'passed', { passed: 40, failed: 0, skipped: 0 }),
      tested('interop', 'passed', { passed: 10, failed: 0, skipped: 0 }),
      ...[result('lint', 'passed'), result('types', 'passed')],
    ]
    expect(tally(results)).toBe('52 passed, 0 failed')
  })

  it('counts failed tests and not their step', () => {
    const tests = tested('check', 'failed', { passed: 38, failed: 2, skipped: 0 })
    expect(tally([tests, result('lint', 'passed')])).toBe('39 passed, 2 failed')
  })

  it('counts a failed step without failed tests as one failure', () => {
    const tests = tested('check', 'failed', { passed: 40, failed: 0, skipped: 0 })
    expect(tally([tests])).toBe('40 passed, 1 failed')
  })

  it('counts a skipped test and a step not reached as failed', () => {
    const tests = tested('check', 'failed', { passed: 40, failed: 0, skipped: 3 })
    const results = [tests, result('build', 'failed'), result('pack', 'not reached')]
    expect(tally(results)).toBe('40 passed, 5 failed')
  })

  it('counts a step of tests that was not reached as one failure', () => {
    const interop = { ...tested('interop', 'not reached', { passed: 0, failed: 0, skipped: 0 }) }
    expect(tally([result('build', 'failed'), interop])).toBe('0 passed, 2 failed')
    expect(tally([ended(interop.step, 'not reached')])).toBe('0 passed, 1 failed')
  })
})

describe('the summary', () => {
  it('has one line per step with time and note', () => {
    const text = summary([result('lint', 'passed'), result('size', 'failed', '15 kB')], 3000)
    expect(text.split('\n')).toEqual([
      '',
      '  ✔ lint  passed          1.2 s',
      '  ✘ size  failed          1.2 s  15 kB',
      '',
      '  2 steps in 3.0 s',
      '',
      '',
    ])
  })

  it('shows the output of failed steps only', () => {
    const text = failures([result('lint', 'passed'), result('size', 'failed')])
    expect(text).toContain('size printed a line')
    expect(text).not.toContain('lint printed a line')
  })
})

describe('the count of tests', () => {
  it('counts a file that failed before its first test as one failed test', () => {
    const report = { numPassedTests: 3, numFailedTests: 1, numPendingTests: 1, numTodoTests: 1 }
    const testResults = [
      { status: 'failed', assertionResults: [] },
      { status: 'failed', assertionResults: [{}, {}] },
      { status: 'passed', assertionResults: [{}, {}] },
    ]
    expect(countTests({ ...report, testResults })).toEqual({ passed: 3, failed: 2, skipped: 2 })
  })
})

describe('the notice of suites that did not run', () => {
  it('lists the suites and the command that installs the programs', () => {
    const text = skippedSuitesNotice([
      { suite: 'a link over Mosquitto', needs: ['mosquitto'] },
      { suite: 'foreign requesters', needs: ['mosquitto-clients', 'mosquitto_passwd'] },
    ])
    expect(text).toContain('2 suites did not run')
    expect(text).toContain('  a link over Mosquitto (mosquitto)\n')
    expect(text).toContain('\n  sudo apt-get install -y mosquitto mosquitto-clients\n')
    expect(text).not.toContain('npm install')
  })

  it('lists suites whose files are missing, without a command', () => {
    expect(skippedSuitesNotice([{ suite: 'the cases: in ../cases', needs: [] }])).toBe(
      '\n1 suite did not run, because programs or files are missing:\n  the cases: in ../cases\n\n',
    )
  })

  it('has an npm command for programs from npm', () => {
    const text = skippedSuitesNotice([{ suite: 'marble tests in Jest', needs: ['jest'] }])
    expect(text).toMatch(/\n {2}sudo npm install --global jest@\d+\.\d+\.\d+\n/)
    expect(text).not.toContain('apt-get')
  })

  it('is empty if all suites ran', () => {
    expect(skippedSuitesNotice([])).toBe('')
  })
})
