import EmotionFormerCore
import EmotionFormerFiles

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A folder with a clip's frames: one `.npy` file each, numbered from 0 or from 1 without gaps.
enum FrameFolder {
    /// A frame of 65,536 doubles, and the longest header.
    private static let byteLimit = 1 << 20

    static func isFolder(_ path: String) -> Bool {
        var isFolder = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder
    }

    /// Whether the folder has an array in it.
    static func holdsArrays(_ path: String) -> Bool {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.contains(where: isArray)
    }

    private static func isArray(_ name: String) -> Bool {
        !name.hasPrefix(".") && ClipFormat(fileName: name) == .npy
    }

    /// Reads the frames in the order of their numbers. Files other than arrays are ignored.
    /// - Parameter shape: of the model's frames; nil for features, or landmarks × 3.
    /// - Throws: `emptyClip` for a folder without arrays, `malformedClip` for names that are not 0 or 1 and so on and
    ///   for a file that is not one frame, and what is wrong with a file.
    static func clip(_ folder: String, _ shape: ClipShape?) throws(Fault) -> LandmarkClip {
        var assembly = ClipAssembly(place: "")
        for name in try names(in: folder) {
            do throws(Fault) {
                let bytes = try ByteSource.path("\(folder)/\(name)").bytes(limit: byteLimit)
                let array = try readingClip(NumPyArray(bytes[...]))
                let axes = try frameAxes(array.shape.extents, shape)
                let values = array.floats()
                try assembly.append(
                    values.allSatisfy(\.isNaN)
                        ? nil : ClipAssembly.Frame(values: values[...], isLandmarks: axes.areLandmarks), at: "")
            } catch {
                throw error.place.hasPrefix(folder) ? error : error.within("\(folder)/\(name)")
            }
        }
        do throws(Fault) { return try assembly.clip() } catch { throw error.within(folder) }
    }

    /// The files in the order of their numbers.
    private static func names(in folder: String) throws(Fault) -> [String] {
        guard let all = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw Fault(.unreadableFile, at: folder, "the folder cannot be listed")
        }
        let names = all.filter(isArray)
        let expected = "0.npy, 1.npy, 2.npy, …, one for each frame"
        guard !names.isEmpty else {
            throw Fault(.emptyClip, at: folder, "the folder holds no frames", expected: expected)
        }
        var numbered: [Int: String] = [:]
        for name in names.sorted() {
            let digits = name.dropLast(4)
            guard digits.utf8.allSatisfy(DecimalNumber.isDigit), let number = Int(digits) else {
                throw Fault(
                    .malformedClip, at: folder,
                    "a folder is read as the frames of one clip, and its files are not numbered",
                    found: name, expected: "\(expected); or files instead of the folder")
            }
            if let other = numbered.updateValue(name, forKey: number) {
                throw Fault(
                    .duplicateName, at: folder, "two frames have the same number", found: "\(other) and \(name)")
            }
        }
        let first = numbered[0] == nil ? 1 : 0
        return try (first..<first + numbered.count).map { (number) throws(Fault) in
            guard let name = numbered[number] else {
                throw Fault(
                    .malformedClip, at: folder, "a frame is missing among the numbered files",
                    found: "\(numbered.count) files and no \(number).npy", expected: "numbers without gaps")
            }
            return name
        }
    }

    private static func frameAxes(_ extents: [Int], _ shape: ClipShape?) throws(Fault) -> ClipShape.FrameAxes {
        var frame = extents
        if let shape {
            // (1, features) is a frame as well.
            while true {
                if let axes = try shape.frameAxes(of: frame, leading: 0...0) { return axes }
                guard frame.count > 1, frame[0] == 1 else { break }
                frame.removeFirst()
            }
        } else {
            while frame.count > 1, frame[0] == 1 { frame.removeFirst() }
            if frame.count == 1 { return ClipShape.FrameAxes(count: 1, areLandmarks: false) }
            if frame.count == 2, frame[1] == 3 { return ClipShape.FrameAxes(count: 2, areLandmarks: true) }
        }
        let own = shape.map { "(" + $0.input.frameShape.map(String.init).joined(separator: ", ") + ")" }
        throw Fault(
            .malformedClip, at: "", "the file is not one frame of a clip",
            found: "shape (\(extents.map(String.init).joined(separator: ", ")))",
            expected: own ?? "(features) or (landmarks, 3)")
    }
}
