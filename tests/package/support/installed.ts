/** Projects into which the packed tarballs are installed from a registry on loopback. */
import { afterAll, beforeAll } from 'vitest'
import { makeFolder, Project } from './project.ts'
import type { Manager } from './project.ts'
import { startRegistry } from './registry.ts'
import { allAnswers, programs } from './site.ts'

/** For tests that install. */
export const kDeadlineMs = 120_000

/** What the programs of site.ts do when all is well. */
export const well = { code: 0, stdout: allAnswers, stderr: '' }

let registry: Awaited<ReturnType<typeof startRegistry>>
beforeAll(async () => {
  registry = await startRegistry(makeFolder())
})
afterAll(() => registry.close())

/** A project that dodici, and undici `version`, are installed into. */
export async function installed({
  manager = 'npm',
  undici = '8.12.4',
  args = [],
}: { manager?: Manager; undici?: string; args?: readonly string[] } = {}): Promise<Project> {
  const project = emptyProject(programs)
  await project.install({ dodici: '0.1.0', undici }, manager, args)
  return project
}

/** One that nothing is installed into. */
export function emptyProject(files: Readonly<Record<string, string>>): Project {
  return new Project(registry.url, files)
}

/** The same project for all tests of a `describe`. */
export function installedOnce(args: readonly string[] = []): () => Project {
  let project: Project
  beforeAll(async () => {
    project = await installed({ args })
  }, kDeadlineMs)
  return () => project
}
