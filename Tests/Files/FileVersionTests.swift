import Testing

@testable import EmotionFormerFiles

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Android)
    import Android
#endif

@Suite("What the system says of a file tells its versions apart")
struct FileVersionTests {
    private static func status(_ change: (inout stat) -> Void = { _ in }) -> stat {
        var status = stat()
        status.st_dev = 1
        status.st_ino = 2
        status.st_size = 3
        change(&status)
        return status
    }

    #if !canImport(Darwin)
        @Test("Each field counts: place, size, time of the content, time of anything")
        func fields() throws {
            let version = try #require(FileVersion(Self.status()))
            #expect(FileVersion(Self.status()) == version)
            let others = [
                Self.status { $0.st_dev = 9 }, Self.status { $0.st_ino = 9 }, Self.status { $0.st_size = 9 },
                Self.status { $0.st_mtim.tv_sec = 9 }, Self.status { $0.st_mtim.tv_nsec = 9 },
                Self.status { $0.st_ctim.tv_sec = 9 }, Self.status { $0.st_ctim.tv_nsec = 9 },
            ]
            for other in others { #expect(try #require(FileVersion(other)) != version) }
        }

        @Test("A file that was just written, or will be, has no version yet", arguments: [-2, 0, 100_000])
        func young(seconds: Int) {
            var now = timespec()
            clock_gettime(CLOCK_REALTIME, &now)
            let time = now.tv_sec + seconds
            #expect(FileVersion(Self.status { $0.st_mtim.tv_sec = time }) == nil)
            #expect(FileVersion(Self.status { $0.st_ctim.tv_sec = time }) == nil)
            #expect(FileVersion(Self.status { $0.st_ctim.tv_sec = now.tv_sec - 10 }) != nil)
        }
    #endif
}
