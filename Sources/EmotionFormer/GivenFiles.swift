import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerModelFormat

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The contents of the files that a conversion was given, by name or as a folder.
struct GivenFiles {
    private let mean: AssetFile?
    private let standardDeviation: AssetFile?
    /// In place of both.
    private let scaler: AssetFile?
    private let labelFile: AssetFile?
    private let labelList: [String]?
    private let metadataFile: AssetFile?
    /// A JSON object, as a package requires.
    let metadata: JSONValue?

    private static let framesKeys = [
        "max_frames", "num_frames", "n_frames", "frames", "sequence_length", "seq_len", "seq_length", "max_len",
        "max_seq_len", "maxlen", "max_length", "timesteps", "time_steps",
    ]

    init(_ conversion: TFLiteConversion) throws(Fault) {
        var roles = ModelAssets()
        roles.mean = conversion.mean
        roles.standardDeviation = conversion.standardDeviation
        if let folder = conversion.assets {
            roles = try ModelAssets(
                folder: GivenFiles.withoutEndingSlash(folder), given: roles, hasLabels: conversion.labels != nil)
        }
        guard (roles.mean == nil) == (roles.standardDeviation == nil) else {
            throw Fault(
                .invalidArgument, at: roles.mean ?? roles.standardDeviation ?? "",
                "mean and standard deviation go together",
                expected: "\(roles.mean == nil ? Parameter.mean : .standardDeviation) too")
        }
        if let labels = conversion.labels {
            let isFile = FileManager.default.fileExists(atPath: labels)
            labelList = isFile ? nil : ClassNames.list(labels)
            if labelList == nil, !isFile, !labels.contains("/"), !labels.contains(".") {
                throw Fault(
                    .invalidArgument, at: "\(Parameter.labels)", "this is neither a file nor a list", found: labels,
                    expected: "a file, or A,B,C")
            }
            roles.labels = labelList == nil ? labels : nil
        } else {
            labelList = nil
        }
        let limit = conversion.limits.fileBytes
        mean = try GivenFiles.read(roles.mean, "file of means", limit)
        standardDeviation = try GivenFiles.read(roles.standardDeviation, "file of standard deviations", limit)
        scaler = try GivenFiles.read(roles.scaler, "scaler", AssetFile.textLimit)
        labelFile = try GivenFiles.read(roles.labels, "file of class names", AssetFile.textLimit)
        metadataFile = try GivenFiles.read(roles.metadata, "file of metadata", AssetFile.textLimit)
        guard let metadataFile else {
            metadata = nil
            return
        }
        do throws(Fault) {
            let value = try JSONValue(parsing: Text.withoutMark(metadataFile.contents))
            if case .object = value { metadata = value } else { metadata = ["content": value] }
        } catch {
            throw error.within(metadataFile.path)
        }
    }

    var all: [AssetFile] { [mean, standardDeviation, scaler, labelFile, metadataFile].compactMap { $0 } }

    /// The number of frames that the metadata give under one of the usual keys.
    var publishedFrames: Int? {
        for key in GivenFiles.framesKeys {
            if case .integer(let frames)? = metadata?[key], (1..<1 << 16).contains(frames) { return frames }
        }
        return nil
    }

    /// The labels that were given, else those of the label encoder, else those of the metadata.
    func labels() throws(Fault) -> [String]? {
        if let labelList { return labelList }
        if let labelFile { return try ClassNames.read(labelFile) }
        return ClassNames.names(in: metadata)
    }

    var hasNormalization: Bool { scaler != nil || (mean != nil && standardDeviation != nil) }

    /// - Throws: `shapeMismatch`, with both shapes, for statistics that do not fit the model.
    func normalization(
        frames: Int, features: Int, layout: LandmarkLayout, epsilon: Double
    ) throws(Fault) -> InputDescription.Normalization? {
        if let scaler {
            do throws(Fault) {
                let statistics = try ScalerStatistics(scaler.contents).tensors(features: features)
                return .init(
                    mean: statistics.mean, standardDeviation: statistics.standardDeviation, epsilon: epsilon)
            } catch {
                throw error.within(scaler.path)
            }
        }
        guard let mean, let standardDeviation else { return nil }
        func fitted(_ file: AssetFile, _ role: String) throws(Fault) -> Tensor {
            do throws(Fault) {
                return try GivenFiles.statistics(
                    file, role, frame: Shape([frames, features]), isPlanar: layout == .xyzPlanar)
            } catch {
                throw error.within(file.path)
            }
        }
        return .init(
            mean: try fitted(mean, "mean"),
            standardDeviation: try fitted(standardDeviation, "standard deviation"), epsilon: epsilon)
    }

    /// An array as float32 that broadcasts to frames × features; statistics of landmarks × 3 are laid out as features.
    private static func statistics(
        _ file: AssetFile, _ role: String, frame: Shape, isPlanar: Bool
    ) throws(Fault) -> Tensor {
        let array = try Fault.reading(.invalidValue, NumPyArray(file.contents[...]))
        var values = array.floats()
        var extents = array.shape.extents
        while extents.count > 2, extents[0] == 1 { extents.removeFirst() }
        let features = frame[1]
        if features.isMultiple(of: 3), extents == [features / 3, 3] {
            if isPlanar {
                let points = values
                values = (0..<features).map { points[$0 % (features / 3) * 3 + $0 / (features / 3)] }
            }
            extents = [features]
        }
        let shape = try Shape(extents)
        guard extents.count <= 2, (try? shape.strides(broadcastTo: frame)) != nil else {
            throw Fault(
                .shapeMismatch, at: "", "the \(role) does not fit the model's frames × features",
                found: "\(array.shape)", expected: "\(frame), [1, \(features)], [\(features)] or a single number")
        }
        return try Tensor(values, shape: shape)
    }

    private static func read(_ path: String?, _ what: String, _ limit: Int) throws(Fault) -> AssetFile? {
        guard let path else { return nil }
        return try AssetFile(path, what: what, limit: limit)
    }

    private static func withoutEndingSlash(_ path: String) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }
}
