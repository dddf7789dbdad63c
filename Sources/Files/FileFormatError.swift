package import EmotionFormerCore

/// A file that its reader cannot take, from a reader that does not know what the file is for.
///
/// What the bytes of a broken file are called is their owner's matter: a broken array is a malformed clip, or an
/// invalid value of a model. Everything else, such as a limit or a checksum, has one name for all.
package struct FileFormatError: Error, Equatable, Sendable {
    /// nil: malformed, the bytes are not as the format says.
    package let code: Fault.Code?
    private var fault: Fault

    package init(
        _ code: Fault.Code? = nil, at place: String, _ problem: String, found: String? = nil, expected: String? = nil
    ) {
        self.code = code
        fault = Fault(code ?? .invalidValue, at: place, problem, found: found, expected: expected)
    }

    package init(_ fault: Fault) {
        code = fault.code
        self.fault = fault
    }

    /// The same error seen from further out: `outer: place`.
    package func within(_ outer: String) -> FileFormatError {
        var error = self
        error.fault = fault.within(outer)
        return error
    }

    /// The error as a fault of the file's owner.
    package func fault(malformed: Fault.Code) -> Fault {
        var fault = fault
        fault.code = code ?? malformed
        return fault
    }
}

extension Fault {
    /// Runs a reader of a file that is called by this code where it is broken.
    package static func reading<Result>(
        _ malformed: Code, _ body: @autoclosure () throws(FileFormatError) -> Result
    ) throws(Fault) -> Result {
        do throws(FileFormatError) { return try body() } catch { throw error.fault(malformed: malformed) }
    }
}
