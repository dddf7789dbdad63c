#if canImport(CoreVideo)
    public import CoreVideo
    public import EmotionFormer
    import EmotionFormerCore

    extension FaceLandmarker {
        /// Finds faces in a pixel buffer, without a copy: `kCVPixelFormatType_32BGRA`, `…_32RGBA`, `…_24RGB` or
        /// `…_OneComponent8`.
        /// - Throws: what ``detect(_:format:width:height:bytesPerRow:timestampInMilliseconds:into:)`` throws;
        ///   `invalidArgument` for another pixel format; `unreadableFile` if the buffer's memory cannot be
        ///   read.
        public func detect(
            _ buffer: CVPixelBuffer, timestampInMilliseconds: Int? = nil, into result: inout FaceLandmarkerResult
        ) throws(EmotionFormerError) {
            let format: ImageFrame.Format
            switch CVPixelBufferGetPixelFormatType(buffer) {
            case kCVPixelFormatType_32BGRA: format = .bgra
            case kCVPixelFormatType_32RGBA: format = .rgba
            case kCVPixelFormatType_24RGB: format = .rgb
            case kCVPixelFormatType_OneComponent8: format = .gray
            case let other:
                throw EmotionFormerError(
                    Fault(
                        .invalidArgument, at: "pixel buffer", "the pixel format is not read", found: "\(other)",
                        expected: "kCVPixelFormatType_32BGRA"))
            }
            guard CVPixelBufferLockBaseAddress(buffer, .readOnly) == kCVReturnSuccess else {
                throw EmotionFormerError(
                    Fault(.unreadableFile, at: "pixel buffer", "the buffer's memory cannot be locked"))
            }
            defer { CVPixelBufferUnlockBaseAddress(buffer, .readOnly) }
            let bytesPerRow = CVPixelBufferGetBytesPerRow(buffer)
            let (width, height) = (CVPixelBufferGetWidth(buffer), CVPixelBufferGetHeight(buffer))
            guard let start = CVPixelBufferGetBaseAddress(buffer) else {
                throw EmotionFormerError(
                    Fault(.unreadableFile, at: "pixel buffer", "the buffer has no memory that can be read"))
            }
            let bytes = UnsafeRawBufferPointer(start: start, count: bytesPerRow * height)
            if let timestampInMilliseconds {
                try detect(
                    bytes, format: format, width: width, height: height, bytesPerRow: bytesPerRow,
                    timestampInMilliseconds: timestampInMilliseconds, into: &result)
            } else {
                try detect(
                    bytes, format: format, width: width, height: height, bytesPerRow: bytesPerRow, into: &result)
            }
        }
    }
#endif
