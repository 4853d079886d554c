import { folderOf } from './selection.js'

/** The part of Stryker's JSON report that is used here. Paths start at the root of the repository. */
export interface MutationReport {
  readonly files: Readonly<Record<string, { readonly mutants: readonly ReportedMutant[] }>>
}

/** A mutant with its result. */
export interface ReportedMutant {
  readonly status: string
  readonly mutatorName: string
  readonly replacement?: string
  readonly location: { readonly start: { readonly line: number; readonly column: number } }
}

/** The numbers of mutants of a folder by result. */
export interface Counts {
  /** A test failed or timed out. */
  readonly killed: number
  /** Tests ran the mutant and passed. */
  readonly survived: number
  /** No test ran the mutant. */
  readonly noCoverage: number
}

/** Counts by folder. */
export type FolderCounts = Readonly<Record<string, Counts>>

const kinds: Readonly<Record<string, keyof Counts>> = {
  Killed: 'killed',
  Timeout: 'killed',
  Survived: 'survived',
  NoCoverage: 'noCoverage',
}

/**
 * Counts the mutants of `files` by folder.
 *
 * Mutants that were not run (ignored, or broken before the first test) are not counted. The report may contain more files
 * than were mutated: an incremental run repeats the results of the others.
 */
export function countByFolder(report: MutationReport, files: readonly string[]): FolderCounts {
  const counts: Record<string, Record<keyof Counts, number>> = {}
  for (const file of files) {
    const row = (counts[folderOf(file)] ??= { killed: 0, survived: 0, noCoverage: 0 })
    for (const { status } of report.files[file]?.mutants ?? []) {
      const kind = kinds[status]
      if (kind !== undefined) row[kind] += 1
    }
  }
  return counts
}

/** Returns a line per mutant of `files` that no test killed, in the form that editors and terminals link. */
export function survivorsIn(report: MutationReport, files: readonly string[]): readonly string[] {
  return files.flatMap((file) =>
    (report.files[file]?.mutants ?? [])
      .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
      .map(({ location: { start }, mutatorName, replacement, status }) => {
        const becomes = (replacement ?? '').replace(/\s+/g, ' ').slice(0, 80)
        const reason = status === 'NoCoverage' ? ' (no coverage)' : ''
        return `${file}:${start.line}:${start.column}  ${mutatorName}: ${becomes}${reason}`
      }),
  )
}

/** Returns the percentage of killed mutants; `undefined` without mutants. */
export function scoreOf({ killed, survived, noCoverage }: Counts): number | undefined {
  const all = killed + survived + noCoverage
  return all === 0 ? undefined : (100 * killed) / all
}

/** Returns the sum of all folders. */
export function totalOf(counts: FolderCounts): Counts {
  const rows = Object.values(counts)
  const sum = (kind: keyof Counts): number => rows.reduce((total, row) => total + row[kind], 0)
  return { killed: sum('killed'), survived: sum('survived'), noCoverage: sum('noCoverage') }
}
