package import EmotionFormerCore

/// Limits on clip files. What exceeds them is refused before memory is allocated for it.
enum ClipLimits {
    /// Clips in a file.
    static let clips = 1 << 16
    /// Cells of a row of comma-separated values: the most features that a model takes, and some columns beside them.
    static let columns = 1 << 16 + 16
    /// Frames of a clip on one line that has frames without a face.
    static let unevenFrames = 1 << 18

    static func checkClips(_ count: Int) throws(Fault) {
        guard count <= clips else {
            throw Fault(
                .limitExceeded, at: "", "the file holds too many clips", found: "\(count)",
                expected: "at most \(clips) clips in a file")
        }
    }
}

/// The memory that the values of a file's clips may take, by the file's size: a few bytes of compressed data or of
/// frames without a face can become many values.
package final class ClipBudget {
    /// Allowed for every file, whatever its size.
    private static let free = 16 << 20
    /// Landmarks compress to a half or a third of their size, clips that are mostly padding to a fiftieth.
    private static let factor = 64

    private let limit: Int
    private var used = 0

    package init(fileBytes: Int) { limit = ClipBudget.free + ClipBudget.factor * fileBytes }

    /// - Throws: `limitExceeded` if the total with these bytes exceeds the budget.
    package func spend(_ byteCount: Int) throws(Fault) {
        let (sum, overflow) = used.addingReportingOverflow(byteCount)
        guard !overflow, sum <= limit else {
            throw Fault(
                .limitExceeded, at: "", "the clips take far more memory than the file",
                found: overflow ? "more bytes than can be counted" : "\(sum) bytes",
                expected: "at most \(limit), which is 16 MiB and \(ClipBudget.factor) times the file; "
                    + "uncompressed arrays are not bounded so")
        }
        used = sum
    }
}
