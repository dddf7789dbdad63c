/// The error of every module of the package: what is wrong, where, what was found and what was expected.
///
/// The public module turns a fault into `EmotionFormerError`, field by field.
package struct Fault: Error, Equatable, Sendable {
    /// The kind of a fault, for programs. People read the rest.
    package enum Code: String, Sendable, CaseIterable {
        case missingFile, unreadableFile, writeFailed, invalidArgument
        case malformedJSON, missingField, unknownField, unsupportedVersion, invalidValue
        case unsupportedOperation, unsupportedAttribute
        case duplicateName, unknownName, unusedName, cyclicGraph
        case shapeMismatch, elementTypeMismatch, sizeOverflow, limitExceeded
        case outOfBounds, overlap, sizeMismatch, checksumMismatch, notFinite
        case malformedTFLite
        case malformedClip, emptyClip, featureCountMismatch, layoutMismatch
        case missingSelfTest, selfTestFailed, missingResource, unsupportedProcessor, cancelled
    }

    package var code: Code
    // A file decides how long a shape, a name or a value is; each part of the line shows the beginning and the end of
    // it.

    /// Where the fault is, from the outermost place to the innermost: `model/manifest.json: graphs[0]`.
    package var place: String
    /// What is wrong: one sentence without a period.
    package var problem: String
    package var found: String?
    package var expected: String?

    package init(
        _ code: Code, at place: String, _ problem: String, found: String? = nil, expected: String? = nil
    ) {
        self.code = code
        self.place = PrintedText.short(place)
        self.problem = PrintedText.short(problem)
        self.found = found.map(PrintedText.short)
        self.expected = expected.map(PrintedText.short)
    }

    /// The same fault with an outer place in front: `outer: place`.
    package func within(_ outer: String) -> Fault {
        var fault = self
        let outer = PrintedText.short(outer)
        fault.place = place.isEmpty ? outer : "\(outer): \(place)"
        return fault
    }
}

extension Fault: CustomStringConvertible {
    /// One line: `place: problem (found x, expected y)`. Text from files is made printable: see `PrintedText`.
    package var description: String {
        var line = place.isEmpty ? problem : "\(place): \(problem)"
        switch (found, expected) {
        case (let found?, let expected?): line += " (found \(found), expected \(expected))"
        case (let found?, nil): line += " (found \(found))"
        case (nil, let expected?): line += " (expected \(expected))"
        case (nil, nil): break
        }
        return PrintedText.line(line)
    }
}
