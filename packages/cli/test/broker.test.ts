import { describe, expect, it } from 'vitest'
import { antiphon, inputOf, startAntiphon } from './run-antiphon.js'

describe('antiphon broker', () => {
  it('runs a broker until Ctrl-C', async () => {
    const { printed, interrupt, ended } = startAntiphon(['broker', '--port', '0', '--host', '127.0.0.1'])
    await printed('listening on ')
    interrupt()
    const { code, stdout } = await ended
    expect([code, stdout]).toEqual([0, expect.stringContaining('closed')])
  })

  it('serves requests of the command itself', async () => {
    const { printed, interrupt, ended } = startAntiphon([
      'broker',
      '--port',
      '0',
      '--host',
      '127.0.0.1',
      '--json',
    ])
    await printed('listening on ')
    interrupt()
    const port = /mqtt:\/\/127\.0\.0\.1:(\d+)/.exec((await ended).stdout)?.[1]
    expect(Number(port)).toBeGreaterThan(0)
  })

  it('passes options, help and faults through', async () => {
    expect((await antiphon(['broker', '--help'])).stdout).toContain('antiphon-broker')
    expect(await antiphon(['broker', '--version'])).toMatchObject({ code: 0, stdout: '1.2.3\n' })
    const { code, stderr } = await antiphon(['broker', '--prot', '1'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('did you mean --port?')])
    expect(await antiphon(['broker', '--host', '256.1.1.1'])).toMatchObject({ code: 1 })
  })

  it('hashes a password from standard input', async () => {
    const stdin = inputOf('secret\n')
    const { stdout } = await antiphon(['broker', 'passwd', '--help'], { stdin })
    expect(stdout).toContain('passwd')
  })
})
