package import EmotionFormerCore

/// A zip file of members that are stored as they are: what NumPy's `savez` writes.
package enum ZipWriter {
    /// - Throws: `duplicateName`; `sizeOverflow` for members or names that the format's fields cannot count.
    package static func bytes(_ members: [(name: String, contents: [UInt8])]) throws(Fault) -> [UInt8] {
        guard members.count < 0xFFFF else {
            throw Fault(
                .sizeOverflow, at: "archive", "a zip archive cannot have so many members", found: "\(members.count)")
        }
        var (archive, directory, names) = ([UInt8](), [UInt8](), Set<String>())
        for (name, contents) in members {
            let text = Array(name.utf8)
            guard names.insert(name).inserted else {
                throw Fault(.duplicateName, at: "archive", "two members have the same name", found: name)
            }
            guard text.count <= 0xFFFF, archive.count + contents.count + text.count + 30 < 0xFFFF_FFFF else {
                throw Fault(
                    .sizeOverflow, at: "archive: \(name)", "the archive would exceed 4 GiB, or the name is too long")
            }
            let offset = archive.count
            // Version 2.0, names in UTF-8, stored, 1 January 1980.
            var fields: [UInt8] = bytes(20, 2) + bytes(0x800, 2) + bytes(0, 2) + bytes(0, 2) + bytes(0x21, 2)
            fields += bytes(Int(CRC32.checksum(contents)), 4) + bytes(contents.count, 4) + bytes(contents.count, 4)
            fields += bytes(text.count, 2) + bytes(0, 2)
            archive += [0x50, 0x4B, 3, 4] + fields + text + contents
            directory += [0x50, 0x4B, 1, 2] + bytes(20, 2) + fields
            directory += bytes(0, 2) + bytes(0, 2) + bytes(0, 2) + bytes(0, 4) + bytes(offset, 4) + text
        }
        let start = archive.count
        guard start + directory.count < 0xFFFF_FFFF else {
            throw Fault(.sizeOverflow, at: "archive", "the archive would be larger than 4 GiB")
        }
        archive += directory + [0x50, 0x4B, 5, 6] + bytes(0, 2) + bytes(0, 2)
        archive += bytes(members.count, 2) + bytes(members.count, 2)
        return archive + bytes(directory.count, 4) + bytes(start, 4) + bytes(0, 2)
    }

    private static func bytes(_ number: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}
