import { readStart } from './read-start.ts'

/** A machine as the platform packages know it. */
export interface Platform {
  /** as in the package's name: `linux-x64-gnu` */
  readonly name: string
  /** in words for an error */
  readonly words: string
}

/** Returns the platform of this process. */
export function currentPlatform(): Platform {
  const { platform, arch } = process
  const libc = currentLibc()
  const words = [
    `${platform} on ${arch}`,
    ...(libc === undefined ? [] : [libc === 'musl' ? 'musl' : `glibc ${glibcVersion()}`]),
    `Node ${process.versions.node}`,
  ].join(', ')
  const suffix = { glibc: ['gnu'], musl: ['musl'], none: [] }[libc ?? 'none']
  return { name: [platform, arch, ...suffix].join('-'), words }
}

/** Returns the C library of this process; undefined on other systems than Linux. */
export function currentLibc(): 'glibc' | 'musl' | undefined {
  const { platform, execPath } = process
  return platform === 'linux' ? (isMusl(execPath) ? 'musl' : 'glibc') : undefined
}

// The first page of the executable names its dynamic linker, whatever else is installed on the machine.
function isMusl(program: string): boolean {
  try {
    return readStart(program, 4096).start.includes('/ld-musl-')
  } catch {
    return false
  }
}

function glibcVersion(): string {
  // Without this, the report looks up the host names of the process's network addresses.
  const { report } = process as { report?: { excludeNetwork?: boolean; getReport(): object } }
  if (report === undefined) {
    return 'of unknown version'
  }
  report.excludeNetwork = true
  const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } }
  return header?.glibcVersionRuntime ?? 'of unknown version'
}
