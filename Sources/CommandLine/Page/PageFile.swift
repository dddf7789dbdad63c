import EmotionFormerTensors

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Writes a page so that its place never holds half of one.
enum PageFile {
    /// Whether a page can stand there, before anything long is computed for it.
    static func check(_ path: String) throws {
        var isFolder = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder {
            throw Failure("\(path): this is a folder (expected a file name such as page.html)")
        }
        let folder =
            path.utf8.contains(UInt8(ascii: "/")) ? String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) : "."
        guard FileManager.default.fileExists(atPath: folder.isEmpty ? "/" : folder, isDirectory: &isFolder), isFolder
        else { throw Failure("\(path): there is no folder to write the page into") }
    }

    static func write(_ html: String, to path: String) throws {
        do {
            try Data(html.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw Failure("\(path): the page cannot be written")
        }
    }
}
