-- What sqlmlutils sends.
EXEC sp_execute_external_script @language = N'Python', @script = @P1, @input_data_1 = @P2 with result sets((return_val varchar(MAX), _stdout_ varchar(MAX), _stderr_ varchar(MAX)))
GO
CREATE PROCEDURE n @a int, @b nvarchar(MAX), @_stdout_ nvarchar(MAX) OUTPUT, @_stderr_ nvarchar(MAX) OUTPUT AS
SET NOCOUNT ON;
EXEC sp_execute_external_script @language = N'Python',
@script = N'
print(1)
', @input_data_1 = @b, @input_data_1_name = N'df', @params = N'@a int, @_stdout_ nvarchar(MAX) OUTPUT',
@a = @a , @_stdout_ = @_stdout_  OUTPUT
GO
DECLARE @_stdout_ nvarchar(MAX), @_stderr_ nvarchar(MAX);
 exec n @a = 1, @flag = True , @_stdout_ = @_stdout_ OUTPUT, @_stderr_ = @_stderr_ OUTPUT;
SELECT @_stdout_ as _stdout_, @_stderr_ as _stderr_
GO
SELECT OBJECT_ID (@P1, N'P')
GO
drop procedure n
GO
BEGIN TRY EXEC sp_execute_external_script @language = N'Python', @script = @P1 print('Package successfully installed.') END TRY BEGIN CATCH print('Package installation failed.'); THROW; END CATCH
