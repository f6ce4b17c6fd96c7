// A disk that becomes full. It is a small tmpfs, which only root can mount.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { download } from '../../lib/bulk.ts'
import { newFolder, type Folder } from './folder.ts'
import { serveObject, someBytes } from './object-server.ts'

const data = someBytes(3_000_000)

/** Returns undefined where nothing can be mounted. */
function smallDisk(): Folder | undefined {
  const folder = newFolder()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder.path], { stdio: 'pipe' })
  } catch {
    folder[Symbol.dispose]()
    return undefined
  }
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', folder.path])
    folder[Symbol.dispose]()
  })
  return folder
}

describe('a disk that is full', () => {
  it('is an error before anything is loaded, if the size is known', async (context) => {
    const disk = smallDisk() ?? context.skip('nothing can be mounted here')
    await using server = await serveObject(data)
    const path = disk.file('object')
    await expect(download(server.url, { to: path, rangeSize: 100_000 })).rejects.toMatchObject({
      code: 'ENOSPC',
      syscall: 'fallocate',
      path,
    })
    expect(server.requests).toHaveLength(1)
    expect(disk.names()).toEqual([])
  })

  it.for([false, true])(
    'is the error of the write otherwise; resume: %s',
    async (resume, context) => {
      const disk = smallDisk() ?? context.skip('nothing can be mounted here')
      await using server = await serveObject(data, ({ response }) => {
        response.write(data)
        response.end()
      })
      const path = disk.file('object')
      await expect(download(server.url, { to: path, resume })).rejects.toMatchObject({
        code: 'ENOSPC',
        syscall: 'write',
        path,
      })
      expect(disk.names().filter((name) => name === 'object')).toEqual([])
      if (!resume) expect(disk.names()).toEqual([])
    },
  )

  it('leaves the file that was there before', async (context) => {
    const disk = smallDisk() ?? context.skip('nothing can be mounted here')
    const path = disk.file('object')
    await using small = await serveObject(data.subarray(0, 1000))
    await download(small.url, { to: path })
    await using server = await serveObject(data)
    await expect(download(server.url, { to: path })).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(readFileSync(path).equals(data.subarray(0, 1000))).toBe(true)
    expect(disk.names()).toEqual(['object'])
  })
})
