import EmotionFormerCore

/// The members of a zip file in the subset that NumPy writes: stored or deflated, one disk, not encrypted.
///
/// Only the central directory is trusted. Members may not overlap, so their total size is at most what deflate can
/// produce from the bytes of the file.
package struct ZipArchive {
    package struct Member {
        package let name: String
        package let isDeflated: Bool
        package let checksum: UInt32
        package let byteCount: Int
        /// The member's bytes in the archive.
        package let range: Range<Int>
    }

    package let members: [Member]
    package let bytes: [UInt8]

    /// - Throws: malformed, `outOfBounds`, `overlap`, `unsupportedVersion` for parts of the format that are not
    ///   supported.
    package init(_ bytes: [UInt8]) throws(FileFormatError) {
        self.bytes = bytes
        let fields = ZipFields(bytes)
        guard bytes.count >= 22, let end = fields.endOfDirectory() else {
            throw FileFormatError(
                at: "",
                bytes.isEmpty ? "the file is empty" : "this is not a zip archive, or is cut short")
        }
        let count = fields.uint16(end + 10)
        let directory = fields.uint32(end + 16)
        guard count != 0xFFFF, directory != 0xFFFF_FFFF else {
            throw FileFormatError(
                .unsupportedVersion, at: "archive", "archives beyond 4 GiB or 65,534 members (zip64) are not read")
        }
        guard fields.uint16(end + 4) == 0, fields.uint16(end + 8) == count else {
            throw FileFormatError(.unsupportedVersion, at: "archive", "archives of several disks are not read")
        }
        guard directory <= end else {
            throw FileFormatError(
                .outOfBounds, at: "archive", "the directory lies outside the file", found: "offset \(directory)",
                expected: "at most \(end)")
        }
        var members: [Member] = []
        var names: Set<String> = []
        var position = directory
        for index in 0..<count {
            do throws(FileFormatError) {
                let member = try fields.member(at: &position, directory: directory, end: end)
                guard names.insert(member.name).inserted else {
                    throw FileFormatError(.duplicateName, at: "", "two members have the same name", found: member.name)
                }
                members.append(member)
            } catch {
                throw error.within("member \(index)")
            }
        }
        let sorted = members.sorted { $0.range.lowerBound < $1.range.lowerBound }
        for (first, second) in zip(sorted, sorted.dropFirst()) where first.range.upperBound > second.range.lowerBound {
            throw FileFormatError(
                .overlap, at: "archive", "two members overlap", found: "\(first.name) and \(second.name)")
        }
        self.members = members
    }

    /// The first bytes of a member's contents.
    package func beginning(of member: Member, byteCount: Int) throws(FileFormatError) -> ArraySlice<UInt8> {
        let packed = bytes[member.range]
        guard member.isDeflated else { return packed }
        return try Inflate.prefix(packed, byteCount: min(member.byteCount, byteCount))[...]
    }

    /// A member's contents.
    /// - Throws: malformed for damaged deflate data, `sizeMismatch`, `checksumMismatch`.
    package func contents(of member: Member) throws(FileFormatError) -> ArraySlice<UInt8> {
        let packed = bytes[member.range]
        let contents = member.isDeflated ? try Inflate.decode(packed, byteCount: member.byteCount)[...] : packed
        let checksum = CRC32.checksum(contents)
        guard checksum == member.checksum else {
            throw FileFormatError(
                .checksumMismatch, at: "", "the CRC-32 is not the one stored in the archive",
                found: String(checksum, radix: 16), expected: String(member.checksum, radix: 16))
        }
        return contents
    }
}

/// Reads little-endian fields at offsets that the caller has checked, and records of such fields.
private struct ZipFields {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func uint16(_ offset: Int) -> Int { Int(bytes[offset]) | Int(bytes[offset + 1]) << 8 }
    func uint32(_ offset: Int) -> Int { uint16(offset) | uint16(offset + 2) << 16 }

    /// The end-of-central-directory record: 22 bytes and a comment of at most 65,535 at the end of the file.
    func endOfDirectory() -> Int? {
        let last = bytes.count - 22
        return stride(from: last, through: max(0, last - 0xFFFF), by: -1).first { offset in
            uint32(offset) == 0x0605_4B50 && offset + 22 + uint16(offset + 20) == bytes.count
        }
    }

    /// Reads one entry of the central directory and advances `position` past it.
    func member(at position: inout Int, directory: Int, end: Int) throws(FileFormatError) -> ZipArchive.Member {
        guard end - position >= 46, uint32(position) == 0x0201_4B50 else {
            throw FileFormatError(at: "", "the archive's directory is broken")
        }
        let nameEnd = position + 46 + uint16(position + 28)
        let extraEnd = nameEnd + uint16(position + 30)
        let entryEnd = extraEnd + uint16(position + 32)
        guard entryEnd <= end else { throw FileFormatError(at: "", "the archive's directory is broken") }
        let name = String(decoding: bytes[position + 46..<nameEnd], as: UTF8.self)
        guard uint16(position + 8) & 1 == 0 else {
            throw FileFormatError(.unsupportedVersion, at: name, "encrypted members are not read")
        }
        let method = uint16(position + 10)
        guard method == 0 || method == 8 else {
            throw FileFormatError(
                .unsupportedVersion, at: name, "the compression method is not read", found: "\(method)",
                expected: "0 (stored) or 8 (deflate)")
        }
        let packed = uint32(position + 20)
        let size = uint32(position + 24)
        let local = uint32(position + 42)
        guard packed != 0xFFFF_FFFF, size != 0xFFFF_FFFF, local != 0xFFFF_FFFF else {
            throw FileFormatError(.unsupportedVersion, at: name, "members beyond 4 GiB (zip64) are not read")
        }
        guard directory - local >= 30, uint32(local) == 0x0403_4B50 else {
            throw FileFormatError(
                .outOfBounds, at: name, "the member's own header is missing", found: "offset \(local)")
        }
        let start = local + 30 + uint16(local + 26) + uint16(local + 28)
        guard start + packed <= directory else {
            throw FileFormatError(
                .outOfBounds, at: name, "the member lies outside the archive", found: "\(packed) bytes")
        }
        // The highest ratio of deflate is 1,032 : 1.
        guard method == 8 ? size <= packed * 1032 + 64 : size == packed else {
            throw FileFormatError(
                .sizeMismatch, at: name, "the member cannot have that many bytes", found: "\(size)",
                expected: method == 8 ? "at most \(packed * 1032)" : "\(packed)")
        }
        let checksum = UInt32(truncatingIfNeeded: uint32(position + 16))
        position = entryEnd
        return ZipArchive.Member(
            name: name, isDeflated: method == 8, checksum: checksum, byteCount: size, range: start..<start + packed)
    }
}
