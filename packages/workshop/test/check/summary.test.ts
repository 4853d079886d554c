import { describe, expect, it } from 'vitest'
import { foreignNotice } from '../../check/not-run.js'
import type { StepResult } from '../../check/step.js'
import { failures, summary, tally } from '../../check/summary.js'
import { countTests } from '../../check/tests/counts.js'

const result = (name: string, verdict: StepResult['verdict'], note = ''): StepResult => ({
  step: { name, about: '', command: [name] },
  verdict,
  milliseconds: 1234,
  output: `${name} said much\n`,
  note,
})

describe('the tally', () => {
  it('counts each test, and each step beside the tests', () => {
    const results = [result('tests', 'passed'), result('lint', 'passed'), result('types', 'passed')]
    expect(tally(results, { passed: 40, failed: 0, skipped: 0 })).toBe('42 passed, 0 failed')
  })

  it('counts failed tests one by one and not their step', () => {
    const results = [result('tests', 'failed'), result('lint', 'passed')]
    expect(tally(results, { passed: 38, failed: 2, skipped: 0 })).toBe('39 passed, 2 failed')
  })

  it('counts tests that ended badly though none failed, for their coverage or a crash', () => {
    expect(tally([result('tests', 'failed')], { passed: 40, failed: 0, skipped: 0 })).toBe(
      '40 passed, 1 failed',
    )
  })

  it('counts a skipped test and a step not reached as failed', () => {
    const results = [result('tests', 'failed'), result('build', 'failed'), result('pack', 'not reached')]
    expect(tally(results, { passed: 40, failed: 0, skipped: 3 })).toBe('40 passed, 5 failed')
  })

  it('does without tests', () => {
    expect(tally([result('lint', 'passed')], undefined)).toBe('1 passed, 0 failed')
  })
})

describe('the summary', () => {
  it('has a line for each step, with its time and its note', () => {
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

  it('shows all that a failed step said, and nothing of the others', () => {
    const text = failures([result('lint', 'passed'), result('size', 'failed')])
    expect(text).toContain('size said much')
    expect(text).not.toContain('lint said much')
  })
})

describe('the count of tests', () => {
  it('takes a file that broke before its first test for one that failed', () => {
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
  it('names them and the command that installs what they need', () => {
    const text = foreignNotice([
      { suite: 'a link over Mosquitto', needs: ['mosquitto'] },
      { suite: 'foreign callers', needs: ['mosquitto-clients', 'mosquitto'] },
    ])
    expect(text).toContain('2 suites did not run')
    expect(text).toContain('  a link over Mosquitto (mosquitto)\n')
    expect(text).toContain('\n  sudo apt-get install -y mosquitto mosquitto-clients\n')
    expect(text).not.toContain('npm install')
  })

  it('leaves to npm what npm has', () => {
    const text = foreignNotice([{ suite: 'marble tests in Jest', needs: ['jest'] }])
    expect(text).toMatch(/\n {2}sudo npm install --global jest@\d+\.\d+\.\d+\n/)
    expect(text).not.toContain('apt-get')
  })

  it('is empty where all ran', () => {
    expect(foreignNotice([])).toBe('')
  })
})
