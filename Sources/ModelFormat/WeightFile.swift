import EmotionFormerCore
import EmotionFormerFiles

/// A file of tensors: little-endian, each at a multiple of 64 bytes, zero bytes between them, nothing else.
enum WeightFile {
    static let alignment = 64

    /// `offset` rounded up to a multiple of the alignment; nil if it overflows.
    static func aligned(_ offset: Int) -> Int? {
        let (sum, overflow) = offset.addingReportingOverflow(alignment - 1)
        return overflow ? nil : sum & ~(alignment - 1)
    }

    /// The entries in the order of the file, after a check that each lies in the file, that none overlap, and that only
    /// padding is between and after them.
    static func ordered(_ entries: [TensorEntry], in file: Manifest.BinaryFile) throws(Fault) -> [TensorEntry] {
        let ordered = entries.sorted { ($0.offset, $0.byteCount) < ($1.offset, $1.byteCount) }
        var end = 0
        var previous: TensorEntry?
        for entry in ordered {
            let (entryEnd, overflow) = entry.offset.addingReportingOverflow(entry.byteCount)
            guard !overflow, entryEnd <= file.byteCount else {
                throw entry.cursor.fault(
                    .outOfBounds, "the tensor reaches beyond the end of the file",
                    found: "offset \(entry.offset), byte count \(entry.byteCount)",
                    expected: "at most \(file.byteCount) bytes in '\(file.name)'")
            }
            guard entry.offset >= end else {
                throw entry.cursor.fault(
                    .overlap, "the tensor overlaps another",
                    found: "offset \(entry.offset)",
                    expected: "\(end) or more, behind '\(JSONPath.shortened(previous?.name ?? ""))'")
            }
            guard entry.offset == aligned(end) else {
                throw entry.cursor.fault(
                    .sizeMismatch, "bytes before the tensor belong to none", found: "offset \(entry.offset)",
                    expected: "\(aligned(end) ?? end)")
            }
            end = entryEnd
            previous = entry
        }
        guard end == file.byteCount else {
            throw file.cursor.fault(
                .sizeMismatch, "bytes at the end of the file belong to no tensor", found: "\(file.byteCount) bytes",
                expected: "\(end)")
        }
        return ordered
    }
}
