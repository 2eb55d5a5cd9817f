using Nacre.Cli.Applets;
using Nacre.Cli.Application;

await using var context = ApplicationContext.ForConsole();
return await AppletTable.RunAsync(context, args);
