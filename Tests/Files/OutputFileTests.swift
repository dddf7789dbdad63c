import EmotionFormerCore
import EmotionFormerFixtures
import Foundation
import Testing

@testable import EmotionFormerFiles

@Suite struct OutputFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(_ text: String, to name: String) throws(Fault) {
        try OutputFile("\(folder.path)/\(name)", what: "page") { $0.starts(with: Array("page".utf8)) }
            .write(Array(text.utf8))
    }

    private func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8)
    }

    private func put(_ text: String, in name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder.path)/\(name)"))
    }

    private func expectRefused(_ name: String, _ words: String) {
        let fault = #expect(throws: Fault.self) { try write("page new", to: name) }
        #expect(fault?.code == .writeFailed)
        #expect(fault?.description.contains(words) == true, "\(String(describing: fault))")
    }

    @Test("a page and an empty file are replaced with their rights; any other file is left alone")
    func known() throws {
        try put("page old", in: "page")
        try put("", in: "empty")
        try put("mine", in: "thesis")
        #expect(chmod(folder.path + "/page", 0o640) == 0)
        for name in ["page", "empty", "new"] { try write("page new", to: name) }
        for name in ["page", "empty", "new"] { #expect(try text(name) == "page new") }
        var status = stat()
        #expect(stat(folder.path + "/page", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o640)
        expectRefused("thesis", "not a page exists there")
        expectRefused("thesis/page", "no folder")
        expectRefused("absent/page", "no folder")
        expectRefused(".", "a folder")
        #expect(try text("thesis") == "mine")
        #expect(try folder.names() == ["empty", "new", "page", "thesis"])
    }

    @Test("a link is followed and stays, dangling or not")
    func links() throws {
        let manager = FileManager.default
        try manager.createDirectory(atPath: folder.path + "/sub", withIntermediateDirectories: false)
        try manager.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: "sub/page")
        try write("page 1", to: "link")
        try write("page 2", to: "link")
        #expect(try text("sub/page") == "page 2")
        #expect(try manager.destinationOfSymbolicLink(atPath: folder.path + "/link") == "sub/page")
        try manager.createSymbolicLink(atPath: folder.path + "/folder", withDestinationPath: "sub")
        expectRefused("folder", "a folder")
        #expect(try folder.names() == ["folder", "link", "sub"])
        #expect(try manager.contentsOfDirectory(atPath: folder.path + "/sub") == ["page"])
    }

    @Test("a pipe and a device are written to, and stay; a pipe that nobody reads and a socket are refused")
    func nodes() throws {
        let pipe = folder.path + "/pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        expectRefused("pipe", "cannot be written to")
        let reader = open(pipe, O_RDONLY | O_NONBLOCK)
        try write("page new", to: "pipe")
        var bytes = [UInt8](repeating: 0, count: 100)
        #expect(read(reader, &bytes, 100) == 8)
        close(reader)
        #expect(bytes.starts(with: Array("page new".utf8)))
        var status = stat()
        #expect(lstat(pipe, &status) == 0)
        #expect(status.st_mode & S_IFMT == S_IFIFO)
        #if os(Linux)
            // A node of our own that keeps nothing, like /dev/null. Only root makes one, and not everywhere.
            let device = folder.path + "/device"
            guard mknod(device, S_IFCHR | 0o600, 1 << 8 | 3) == 0 else { return }
            try? write("page new", to: "device")
            #expect(lstat(device, &status) == 0)
            #expect(status.st_mode & S_IFMT == S_IFCHR)
            #expect(try folder.names() == ["device", "pipe"])
        #endif
    }
}
