import { describe, expect, it } from 'vitest'
import { sbomFaults, type Sbom } from '../../check/sbom/faults.js'

const manifest = {
  name: '@antiphon/mqtt',
  version: '0.1.0',
  dependencies: { '@antiphon/core': '^', mqtt: '5' },
}
const component = (name: string): NonNullable<Sbom['components']>[number] => ({
  purl: `pkg:npm/${name}`,
  licenses: [{ license: { id: 'MIT' } }],
})
const whole: Sbom = {
  bomFormat: 'CycloneDX',
  metadata: { component: component('%40antiphon/mqtt@0.1.0') },
  components: [component('%40antiphon/core@0.1.0'), component('mqtt@5.16.0'), component('ms@2.1.3')],
}

describe('sbomFaults', () => {
  it('accepts an SBOM that names the package and its dependencies', () => {
    expect(sbomFaults(whole, manifest)).toEqual([])
  })

  it('reports a missing dependency', () => {
    expect(sbomFaults({ ...whole, components: [component('mqtt-packet@9.0.2')] }, manifest)).toEqual([
      'lacks the dependency @antiphon/core',
      'lacks the dependency mqtt',
    ])
  })

  it('reports an SBOM of another version', () => {
    expect(sbomFaults(whole, { ...manifest, version: '0.2.0' })).toEqual([
      'describes pkg:npm/%40antiphon/mqtt@0.1.0, not @antiphon/mqtt@0.2.0',
    ])
  })

  it('reports a component without a licence', () => {
    const components = [...(whole.components ?? []), { purl: 'pkg:npm/silent@1.0.0', licenses: [] }]
    expect(sbomFaults({ ...whole, components }, manifest)).toEqual([
      'states no licence for pkg:npm/silent@1.0.0',
    ])
  })

  it('reports a document that is not CycloneDX', () => {
    expect(sbomFaults({}, { name: 'some', version: '1.0.0' })).toEqual([
      'is not a CycloneDX document',
      'describes no package, not some@1.0.0',
    ])
  })
})
