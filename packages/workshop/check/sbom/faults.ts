import type { Manifest } from '../workspace.js'

/** The part of a CycloneDX document that is checked. */
export interface Sbom {
  readonly bomFormat?: string
  readonly metadata?: { readonly component?: Component }
  readonly components?: readonly Component[]
}

interface Component {
  /** The package URL, such as `pkg:npm/%40antiphon/core@0.1.0`. */
  readonly purl?: string
  readonly licenses?: readonly unknown[]
}

/** Returns the faults of a package's SBOM; empty if it names the package and all dependencies of its manifest. */
export function sbomFaults(sbom: Sbom, manifest: Manifest): readonly string[] {
  const { components = [], metadata } = sbom
  const subject = metadata?.component?.purl
  const names = new Set(components.map(({ purl = '' }) => nameIn(purl)))
  return [
    ...(sbom.bomFormat === 'CycloneDX' ? [] : ['is not a CycloneDX document']),
    ...(subject === `${purlOf(manifest.name)}@${manifest.version}`
      ? []
      : [`describes ${subject ?? 'no package'}, not ${manifest.name}@${manifest.version}`]),
    ...Object.keys(manifest.dependencies ?? {})
      .filter((name) => !names.has(purlOf(name)))
      .map((name) => `lacks the dependency ${name}`),
    ...components
      .filter(({ licenses = [] }) => licenses.length === 0)
      .map(({ purl }) => `states no licence for ${purl ?? 'a component without a purl'}`),
  ]
}

function purlOf(name: string): string {
  return `pkg:npm/${name.replace('@', '%40')}`
}

function nameIn(purl: string): string {
  return purl.slice(0, purl.lastIndexOf('@'))
}
