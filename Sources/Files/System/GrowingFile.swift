package import EmotionFormerCore
import EmotionFormerSystem

/// A file that is written in parts, beside its target, and is put in its place when it is complete. If anything fails, or
/// it is not kept, it is removed.
package struct GrowingFile: ~Copyable {
    private let file: OutputFile
    private let unfinished: UnfinishedOutput
    private let descriptor: CInt

    /// - Throws: `writeFailed` if the file cannot be made, or something other than a file is in its place.
    package init(_ file: OutputFile) throws(Fault) {
        let place = file.place
        guard place.entry == .nothing || place.entry == .file, !place.isDescriptor else {
            throw Fault(
                .writeFailed, at: place.given, "a \(file.what) cannot be written there", found: place.words,
                expected: "a file's name")
        }
        let unfinished = try UnfinishedOutput(beside: place.path)
        let new = unfinished.new
        var opened: CInt = -1
        let failure = UnfinishedOutput.step {
            opened = retrying { SystemCall.create(new) }
            return opened >= 0 ? 0 : errno
        }
        guard failure == 0 else { throw file.fault("the \(file.what) cannot be written", failure) }
        // Nothing is assigned before the last failure: see OutputFolder.
        self.file = file
        self.unfinished = unfinished
        descriptor = opened
    }

    deinit { close(descriptor) }

    package func append(_ bytes: [UInt8]) throws(Fault) {
        try GrowingFile.append(bytes, to: descriptor, file.place.given)
    }

    private static func append(_ bytes: [UInt8], to descriptor: CInt, _ path: String) throws(Fault) {
        try bytes.withUnsafeBytes { buffer in
            Result { () throws(Fault) in try EmotionFormerFiles.append(buffer, to: descriptor, path) }
        }.get()
    }

    /// Puts other bytes in place of the first ones, of the same number, and the file in its place.
    /// - Parameter other: another target in the same folder; nil for the file's own.
    /// - Throws: `writeFailed`; what is there is unchanged.
    package consuming func keep(beginning: [UInt8], as other: OutputFile? = nil) throws(Fault) {
        let file = other ?? self.file
        let place = try OutputPlace(file.place.given)
        try file.check(place)
        let (opened, new, target) = (descriptor, unfinished.new, place.path)
        guard lseek(opened, 0, SEEK_SET) == 0 else { throw file.fault("the \(file.what) cannot be written", errno) }
        try GrowingFile.append(beginning, to: opened, file.place.given)
        guard retrying({ fsync(opened) }) == 0 else { throw file.fault("the \(file.what) cannot be written", errno) }
        if case .file = place.entry { place.giveRights(to: new) }
        let moved = UnfinishedOutput.step { rename(new, target) == 0 ? 0 : errno }
        guard moved == 0 else { throw file.fault("the \(file.what) cannot be put in place", moved) }
        try? synchronize(place.folder)
    }
}

/// A folder that is made if it is missing, with those around it.
package struct MadeFolders: Sendable {
    private var made: [String] = []

    /// - Throws: `writeFailed` if the folder cannot be made.
    package init(_ path: String) throws(Fault) {
        var rest = path
        var missing: [String] = []
        var status = stat()
        while !rest.isEmpty, rest != ".", rest != "/", stat(rest, &status) != 0 {
            missing.append(rest)
            rest = OutputPlace.parent(of: rest)
        }
        for folder in missing.reversed() where mkdir(folder, 0o777) == 0 || errno == EEXIST { made.append(folder) }
        guard stat(path, &status) == 0, status.st_mode & mode_t(S_IFMT) == mode_t(S_IFDIR) else {
            let found = made.count == missing.count ? "something that is not a folder" : lastSystemError()
            removeEmpty()
            throw Fault(.writeFailed, at: path, "the folder cannot be made", found: found)
        }
    }

    /// Removes those that were made and that nothing was written into.
    package func removeEmpty() { for folder in made.reversed() { rmdir(folder) } }
}
